# Thin: each target calls a script beside what it serves.
.PHONY: help setup build demo test test-long bench bench-llm-peer bench-kinematics-peer lint clean clean-all

help: ## Shows this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*## /	/' | expand -t 16

setup: ## Installs what building and running needs, into ignored folders of this checkout
	@bash ros2_ws/setup/setup.sh --no-build

build: ## Sets up and builds in release mode
	@bash ros2_ws/setup/setup.sh

demo: build ## Two robots carry out missions that come in as ROS 2 actions; ends with a report
	@bash ros2_ws/setup/demo.sh

test: build lint ## All checks and tests
	@bash ros2_ws/setup/test.sh

test-long: build ## The long forms of tests with random cases: more of them, seeds printed
	@bash ros2_ws/setup/test-long.sh

bench: build ## Control latency, jitter, CPU and memory
	@target/release/physical-ai bench control

bench-llm-peer: build ## Our language-model engine beside llama.cpp, as ratios; ARGS="--runs 1 --json"
	@bash ros2_ws/crates/physical_ai_llm/peer/bench.sh $(ARGS)

bench-kinematics-peer: build ## Our inverse kinematics beside pinocchio and TRAC-IK; ARGS="--runs 1 --json"
	@bash ros2_ws/src/physical_ai_cli/peer/bench.sh $(ARGS)

lint: ## Formatting and lints, warnings are errors
	@bash ros2_ws/setup/lint.sh

clean: ## Removes what was built
	rm -rf target ros2_ws/build ros2_ws/install ros2_ws/log

clean-all: clean ## Undoes the set-up too
	rm -rf ros2_ws/.deps ros2_ws/setup.bash .cargo/config.toml reports
