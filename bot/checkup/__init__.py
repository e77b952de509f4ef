"""What `python -m bot doctor` looks at: each check tells what it found, in a state of bot/data/doctor.yaml."""
