def make_table():
    return ""
