"""The questions that metrics answer, and the files that hold those of each.

>>> question_of("toolkit.metrics.nps"), question_of("toolkit.metrics.own")
('csat_and_nps', 'own')
"""

FILES = {
    "volume_and_workload": ("volume", "topics", "customers", "workload", "backlog", "sent", "alerts"),
    "response_times": ("response", "replies", "waiting", "expectations"),
    "life_of_a_conversation": ("lifecycle", "stages"),
    "resolutions": ("resolution", "contact"),
    "phone": ("abandonment", "patience", "answering", "handling", "staffing"),
    "service_levels": ("compliance",),
    "csat_and_nps": ("satisfaction", "nps", "predicted"),
    "sentiment_and_voice": ("sentiment", "voice"),
    "bots_and_deflection": ("bots", "quick_reply", "deflection", "help_pages"),
    "comparisons": ("team", "benchmark", "previous", "service_review"),
}
OF_FILE = {file: question for question, files in FILES.items() for file in files}


def question_of(module):
    """The question that a file's metrics answer; one that no question names is a question of its own."""
    file = module.rsplit(".", 1)[-1]
    return OF_FILE.get(file, file)


class Question:
    """The metrics of a question, as what completes after its name."""

    def __init__(self, metrics):
        vars(self).update(metrics)

    def __dir__(self):
        return list(vars(self))

    def __repr__(self):
        return ", ".join(vars(self))
