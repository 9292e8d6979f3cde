-- Each contact record, every copy of it, with its nested blocks opened; "chain" is the first contact of its chain.
WITH blocks AS (
    SELECT
        *,
        CASE WHEN json_valid(Agent) THEN Agent::JSON END AS agent_block,
        CASE WHEN json_valid(Queue) THEN Queue::JSON END AS queue_block,
        CASE WHEN json_valid(CustomerEndpoint) THEN CustomerEndpoint::JSON END AS customer_block,
        CASE WHEN json_valid(TransferredToEndpoint) THEN TransferredToEndpoint::JSON END AS transfer_block
    FROM raw.contacts
)
SELECT
    ContactId AS id,
    coalesce(nullif(InitialContactId, ''), ContactId) AS chain,
    nullif(PreviousContactId, '') AS previous,
    coalesce(nullif(RelatedContactId, ''), nullif(PreviousContactId, ''), nullif(InitialContactId, '')) AS answers,
    upper(trim(Channel)) AS channel,
    upper(trim(InitiationMethod)) AS method,
    InitiationTimestamp AS initiated,
    DisconnectTimestamp AS disconnected,
    ConnectedToSystemTimestamp AS reached,
    DisconnectReason AS disconnect_reason,
    nullif(NextContactId, '') AS next_id,
    CustomerId AS customer,
    customer_block->>'$.Address' AS address,
    transfer_block->>'$.Address' AS transferred_to,
    agent_block->>'$.Username' AS agent,
    agent_block->>'$.ConnectedToAgentTimestamp' AS connected,
    agent_block->>'$.AgentInteractionDuration' AS interaction,
    agent_block->>'$.CustomerHoldDuration' AS hold,
    agent_block->>'$.AfterContactWorkDuration' AS after_work,
    coalesce(
        agent_block->>'$.HierarchyGroups.Level5.GroupName', agent_block->>'$.HierarchyGroups.Level4.GroupName',
        agent_block->>'$.HierarchyGroups.Level3.GroupName', agent_block->>'$.HierarchyGroups.Level2.GroupName',
        agent_block->>'$.HierarchyGroups.Level1.GroupName'
    ) AS team,
    queue_block->>'$.Name' AS queue,
    queue_block->>'$.EnqueueTimestamp' AS enqueued,
    queue_block->>'$.DequeueTimestamp' AS dequeued,
    queue_block->>'$.Duration' AS queue_seconds,
    split_part(LanguageCode, '-', 1) AS language,
    try_cast(LastUpdateTimestamp AS TIMESTAMPTZ) AS updated,
    _file,
    _row
FROM blocks
