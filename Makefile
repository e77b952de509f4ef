# make run · make test · make check: each sets up what it needs first. docs/tasks/ tells more.
.PHONY: run run-cluster test test-fast check eval eval-portal rasa-train rasa-validate rasa-test environment rasa-environment browser postgresql softhsm bench release voice ocr

run: environment
	@nlu/rasa/environment.sh || echo "going on with the embedded engine"
	@.venv/bin/python -m bot prepare
	@.venv/bin/python -m web --demo

run-cluster: environment postgresql
	@.venv/bin/python -m bot prepare
	@.venv/bin/python -m web.cluster

# a run starts a hundred processes: each would compile our modules anew
test test-fast: export PYTHONDONTWRITEBYTECODE =

test: environment rasa-environment browser postgresql softhsm
	@nlu/rasa/train.sh
	@.venv/bin/python -m bot prepare
	@.venv/bin/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

test-fast: environment postgresql softhsm
	@.venv/bin/python -m pytest -m "not slow" -n 3 --dist loadfile --no-loadscope-reorder

check: environment
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/python -m knowledge check
	@.venv/bin/python -m nlu check
	@.venv/bin/python .ci/audit.py

eval: environment
	@.venv/bin/python -m evals own --report docs/understanding.md

eval-portal: environment
	@.venv/bin/python -m knowledge import ../shared/data/procedures.jsonl
	@.venv/bin/python -m evals portal

bench: environment postgresql # PART="scaling soak": these alone
	@nlu/rasa/environment.sh || echo "going on without Rasa"
	@.venv/bin/python -m bot prepare
	@.venv/bin/python -m evals.bench --part $(PART)

rasa-train rasa-validate rasa-test: rasa-%: environment rasa-environment
	@nlu/rasa/$*.sh

environment:
	@.ci/environment.sh

rasa-environment: environment
	@nlu/rasa/environment.sh

browser:
	@.ci/browser.sh

postgresql:
	@.ci/postgresql.sh

softhsm:
	@.ci/softhsm.sh

release: environment
	@PYTHONPATH=. .venv/bin/python .ci/release.py make $(VERSION) $(KEY)

voice ocr: environment # optional: hear voice messages, read the print of photos (docs/media.md)
	@.ci/reader.sh $@
