from hypothesis import settings

# A busy machine is no finding: what is slow is measured in benchmarks/, not here.
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")
