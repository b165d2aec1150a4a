"""Small trainers that follow the file contract and learn nothing: settings.TRAINING_DIR in tests.

They are real processes, so that what supervises them is tested against signals, files and exit
statuses. The real trainers are driven in tests/contract/.
"""
