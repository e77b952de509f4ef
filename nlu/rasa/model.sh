#!/usr/bin/env bash
# Prints where the model of the present sources is or belongs: nlu/rasa/models/<hash>.tar.gz.
set -euo pipefail
export LC_ALL=C # the order of the files is part of the hash
cd "$(dirname "$0")"
sources=(config.yml domain.yml requirements.txt constraints.txt components/*.py ../data/training/*.yml
    ../{__init__,text,telex,lexicon,entities,number_words,personal_data,understanding,errors}.py
    ../data/{lexicon.yaml,personal_data.yaml,unit_names.txt})
hash=$(sha256sum "${sources[@]}" | sha256sum | cut -c1-16)
echo "$PWD/models/$hash.tar.gz"
