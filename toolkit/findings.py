"""Findings (being written: the signatures are final)."""


def find_inbound_volume(result):
    return 'To be written.'


def find_volume_heatmap(result):
    return 'To be written.'


def find_first_response_time(result):
    return 'To be written.'


def find_response_curve(result):
    return 'To be written.'


def find_response_time_buckets(result):
    return 'To be written.'


def find_response_rate(result):
    return 'To be written.'


def find_reply_pairs(pairs, first_response):
    return 'To be written.'


def find_abandonment_rate(result, overall=None):
    return 'To be written.'


def find_abandonment_by_stage(result):
    return 'To be written.'


def find_average_speed_of_answer(result):
    return 'To be written.'


def find_csat(result):
    return 'To be written.'


def find_csat_by_topic(result):
    return 'To be written.'


def find_low_scores(result):
    return 'To be written.'


def find_sentiment_trend(result, period=None):
    return 'To be written.'


def find_quality(counts):
    return 'To be written.'

