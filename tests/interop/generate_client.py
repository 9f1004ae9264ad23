#!/usr/bin/env python3
"""A plain rclpy client of an inference worker: JSON lines in, JSON lines out.

Input, one object a line:
  {"goal": ID, ...}                sends a Generate goal with these fields; "deadline_s" counts from now,
                                   "cancel_at": "first" cancels it when its first feedback arrives
  {"tokenize": TEXT}, {"embed": [TEXT, ...]}, {"model_info": true}   calls a service
  {"transition": LABEL}            changes the worker's lifecycle state, for example "deactivate"
Output: an object with "event" ready, feedback, published, result, tokens, rows, model or changed; "published" is
feedback as it comes on the topic, of which rclpy's action client passes on none after a result. Ends when its input
ends.
"""
import argparse
import json
import queue
import sys
import threading
import time
import uuid

import rclpy
from action_msgs.msg import GoalStatus
from builtin_interfaces.msg import Time
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from physical_ai_msgs.action import Generate
from physical_ai_msgs.msg import ChatMessage
from physical_ai_msgs.srv import Embed, ModelInfo, Tokenize
from rclpy.action import ActionClient
from unique_identifier_msgs.msg import UUID

STATUSES = {
    getattr(GoalStatus, f"STATUS_{name}"): name.lower()
    for name in ("SUCCEEDED", "CANCELED", "ABORTED", "UNKNOWN")
}
WAIT_S = 30.0


def say(**fields):
    print(json.dumps(fields), flush=True)


class Client:
    def __init__(self, node, worker):
        self.node = node
        self.generate = ActionClient(node, Generate, f"{worker}/generate")
        self.tokenize = node.create_client(Tokenize, f"{worker}/tokenize")
        self.embed = node.create_client(Embed, f"{worker}/embed")
        self.model_info = node.create_client(ModelInfo, f"{worker}/model_info")
        self.change_state = node.create_client(ChangeState, f"{worker}/change_state")
        self.published = node.create_subscription(
            Generate.Impl.FeedbackMessage, f"{worker}/generate/_action/feedback", self.tell_published, 1000
        )
        self.names = {}
        self.handles = {}
        self.cancel_at_first = set()

    def wait_until_ready(self):
        ready = (
            self.generate.wait_for_server(WAIT_S)
            and self.tokenize.wait_for_service(WAIT_S)
            and self.embed.wait_for_service(WAIT_S)
            and self.model_info.wait_for_service(WAIT_S)
            and self.change_state.wait_for_service(WAIT_S)
        )
        if not ready:
            sys.exit(f"no inference worker within {WAIT_S:g} s")
        say(event="ready")

    def take(self, line):
        """Does what a line of input says."""
        fields = json.loads(line)
        if "goal" in fields:
            self.send(fields.pop("goal"), fields)
        elif "tokenize" in fields:
            future = self.tokenize.call_async(Tokenize.Request(text=fields["tokenize"]))
            future.add_done_callback(lambda done: self.tell_tokens(done.result()))
        elif "embed" in fields:
            future = self.embed.call_async(Embed.Request(texts=fields["embed"]))
            future.add_done_callback(lambda done: self.tell_rows(done.result()))
        elif "transition" in fields:
            request = ChangeState.Request(transition=Transition(label=fields["transition"]))
            future = self.change_state.call_async(request)
            future.add_done_callback(lambda done: say(event="changed", success=done.result().success))
        elif "model_info" in fields:
            future = self.model_info.call_async(ModelInfo.Request())
            future.add_done_callback(lambda done: self.tell_model(done.result()))
        else:
            sys.exit(f"{line!r}: unknown request")

    def send(self, name, fields):
        if fields.pop("cancel_at", None) == "first":
            self.cancel_at_first.add(name)
        fields["messages"] = [ChatMessage(**message) for message in fields.get("messages", [])]
        deadline_s = fields.pop("deadline_s", None)
        if deadline_s is not None:
            end = time.time() + deadline_s
            fields["deadline"] = Time(sec=int(end), nanosec=int(end % 1.0 * 1e9))
        identity = uuid.uuid4().bytes
        self.names[identity] = name
        sent = self.generate.send_goal_async(
            Generate.Goal(**fields),
            feedback_callback=lambda message: self.heard(name, message.feedback),
            goal_uuid=UUID(uuid=list(identity)),
        )
        sent.add_done_callback(lambda done: self.accepted(name, done.result()))

    def accepted(self, name, handle):
        self.handles[name] = handle
        handle.get_result_async().add_done_callback(lambda done: self.ended(name, done.result()))

    def heard(self, name, feedback):
        say(event="feedback", goal=name, text=feedback.text, tokens=list(feedback.tokens))
        # Feedback may overtake the answer that brings the handle; the next one then does it.
        if name in self.cancel_at_first and name in self.handles:
            self.cancel_at_first.remove(name)
            self.handles[name].cancel_goal_async()

    def tell_published(self, message):
        name = self.names.get(bytes(message.goal_id.uuid))
        if name is not None:
            say(event="published", goal=name, text=message.feedback.text)

    @staticmethod
    def ended(name, answer):
        result = answer.result
        say(
            event="result",
            goal=name,
            status=STATUSES[answer.status],
            error_code=result.error_code,
            error_msg=result.error_msg,
            text=result.text,
            finish_reason=result.finish_reason,
            prompt_tokens=result.usage.prompt_tokens,
            cached_tokens=result.usage.cached_tokens,
            generated_tokens=result.usage.generated_tokens,
            total_s=result.usage.total_s,
            token_logprobs=list(result.token_logprobs),
        )

    @staticmethod
    def tell_tokens(answer):
        say(event="tokens", tokens=list(answer.tokens), error_code=answer.error_code, error_msg=answer.error_msg)

    @staticmethod
    def tell_rows(answer):
        width = answer.width or 1
        values = list(answer.values)
        rows = [values[at : at + width] for at in range(0, len(values), width)]
        say(event="rows", rows=rows, error_code=answer.error_code, error_msg=answer.error_msg)

    @staticmethod
    def tell_model(answer):
        say(
            event="model",
            name=answer.name,
            architecture=answer.architecture,
            quantization=answer.quantization,
            version=answer.version,
            context_tokens=answer.context_tokens,
            vocabulary=answer.vocabulary,
            memory_bytes=answer.memory_bytes,
        )


def read_input(lines):
    for line in sys.stdin:
        lines.put(line)
    lines.put(None)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worker", default="inference_worker", help="name of the worker")
    options = parser.parse_args()
    rclpy.init()
    node = rclpy.create_node("generate_client")
    client = Client(node, options.worker)
    client.wait_until_ready()
    lines = queue.Queue()
    threading.Thread(target=read_input, args=(lines,), daemon=True).start()
    while True:
        try:
            line = lines.get_nowait()
        except queue.Empty:
            rclpy.spin_once(node, timeout_sec=0.02)
            continue
        if line is None:
            return
        client.take(line)


if __name__ == "__main__":
    main()
