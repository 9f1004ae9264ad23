#!/usr/bin/env python3
"""Uses an inference worker through OpenAI's own Python client, as existing programs do.

Prints what it did and PASS, or SKIPPED where `openai` is not installed (pip install openai).
"""
import argparse
import json
import math
import sys

try:
    import openai
except ImportError as missing:
    print(f"SKIPPED: {missing}; pip install openai to check the endpoint with it")
    sys.exit(0)

MESSAGES = [
    {"role": "system", "content": "You steer robots."},
    {"role": "user", "content": [{"type": "text", "text": "where is arm_1?"}]},
]
SCHEMA = {
    "type": "object",
    "properties": {"robot": {"enum": ["arm_1", "rover_1"]}, "ready": {"type": "boolean"}},
    "required": ["robot", "ready"],
    "additionalProperties": False,
}


def check_models(client):
    (model,) = client.models.list().data
    assert client.models.retrieve(model.id) == model
    return model.id


def check_chat(client, model):
    ask = {"model": model, "messages": MESSAGES, "max_tokens": 30, "seed": 7, "temperature": 0.8}
    whole = client.chat.completions.create(**ask)
    choice = whole.choices[0]
    assert choice.finish_reason in ("stop", "length") and choice.message.role == "assistant"
    assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens
    stream = client.chat.completions.create(**ask, stream=True, stream_options={"include_usage": True})
    text, usage = "", None
    for chunk in stream:
        text += "".join(choice.delta.content or "" for choice in chunk.choices)
        usage = chunk.usage or usage
    assert text == choice.message.content, "the stream says something else"
    assert usage.completion_tokens == whole.usage.completion_tokens
    return usage.completion_tokens


def check_schema(client, model):
    answer = client.chat.completions.create(
        model=model,
        messages=MESSAGES,
        max_completion_tokens=300,
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "plan", "strict": True, "schema": SCHEMA},
        },
        extra_body={"priority": 200, "timeout_s": 60.0},
    )
    plan = json.loads(answer.choices[0].message.content)
    assert plan["robot"] in ("arm_1", "rover_1") and isinstance(plan["ready"], bool)
    return plan


def check_logprobs(client, model):
    answer = client.chat.completions.create(
        model=model, messages=MESSAGES, max_tokens=5, logprobs=True, top_logprobs=3, temperature=0
    )
    tokens = answer.choices[0].logprobs.content
    assert tokens and all(len(token.top_logprobs) == 3 for token in tokens)
    # The likeliest was taken.
    assert all(token.logprob == token.top_logprobs[0].logprob for token in tokens)
    return len(tokens)


def check_completion(client, model):
    answer = client.completions.create(model=model, prompt="arm_1", max_tokens=5, temperature=0)
    assert answer.usage.completion_tokens <= 5
    return answer.choices[0].text


def check_embeddings(client, model):
    texts = ["go to dock_a", "go to dock_b", "pick the red box"]
    # The client asks for base64 by itself, and decodes it.
    rows = [item.embedding for item in client.embeddings.create(model=model, input=texts).data]
    floats = client.embeddings.create(model=model, input=texts[0], encoding_format="float").data[0].embedding
    assert len(rows) == 3 and all(abs(a - b) < 1e-6 for a, b in zip(rows[0], floats))
    assert all(math.isclose(sum(x * x for x in row), 1.0, rel_tol=1e-4) for row in rows)
    return len(rows[0])


def check_errors(client, model):
    def fails(kind, **fields):
        try:
            client.chat.completions.create(**{"model": model, "messages": MESSAGES, **fields})
        except kind as error:
            return error
        sys.exit(f"{fields} was taken")

    error = fails(openai.BadRequestError, temperature=1000)
    assert "temperature is 1000" in str(error), error
    error = fails(openai.BadRequestError, n=2)
    assert error.param == "n" and "n is 2" in str(error), error
    error = fails(openai.NotFoundError, model="gpt-4o")
    assert error.code == "model_not_found", error
    error = fails(openai.InternalServerError, extra_body={"timeout_s": 0.0})
    assert error.status_code == 504, error


def check_departure(client, model):
    stream = client.chat.completions.create(model=model, messages=MESSAGES, max_tokens=500, stream=True)
    next(iter(stream))
    stream.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True, help="for example http://127.0.0.1:8080/v1")
    options = parser.parse_args()
    client = openai.OpenAI(base_url=options.url, api_key="none", timeout=60.0)
    model = check_models(client)
    print("openai", openai.__version__, "model", model)
    print("chat, whole and streamed:", check_chat(client, model), "tokens")
    print("JSON schema:", check_schema(client, model))
    print("probabilities:", check_logprobs(client, model), "tokens")
    print("completion:", repr(check_completion(client, model)))
    print("embeddings of width", check_embeddings(client, model))
    check_errors(client, model)
    print("errors: 400, 404 and 504 are what they should be")
    check_departure(client, model)
    print("PASS")


if __name__ == "__main__":
    main()
