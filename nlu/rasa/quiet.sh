# Sourced by the scripts beside it. Rasa prints citizens' sentences at level DEBUG and sends usage data home: neither here.
export LOG_LEVEL=WARNING LOG_LEVEL_LIBRARIES=ERROR RASA_TELEMETRY_ENABLED=false
export TF_CPP_MIN_LOG_LEVEL=3 SQLALCHEMY_SILENCE_UBER_WARNING=1 PYTHONWARNINGS=ignore PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH="$(cd ../.. && pwd)" # the components import nlu
