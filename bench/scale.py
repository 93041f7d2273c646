def run(world, **k):
    return {}
