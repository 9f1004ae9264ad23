"""Trains the planner; stops at the time limit and can go on from its checkpoint.

    (vocabulary.json is there; make_vocabulary.py makes another)
    python make_dataset.py --seed 1 --fleets 60000 --out run/train_1.npz
    python make_dataset.py --seed 1000001 --fleets 150 --out run/valid.npz
    python train.py --data 'run/train_*.npz' --valid run/valid.npz --out run/model.pt --minutes 60

A row holds one fleet and several missions. Each mission sees the fleet and itself only, at the positions
that it has alone, so that a row teaches what its missions would teach one by one, for less work.
The loss is on answers only.
"""

import argparse
import glob
import math
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy
import torch
import torch.distributed
import torch.multiprocessing
from torch import Tensor
from torch.nn import functional as F

import packed
from model import Phi3, Shape
from plan_format import ASSISTANT, USER
from tokenizer import Tokenizer

MAX_ROW = 1400
POOL_ROWS = 384
MAX_STEP_S = 30


class Batches:
    """Rows of similar length together, in batches of about so many tokens."""

    def __init__(self, tokenizer: Tokenizer, device: str) -> None:
        """On CPUs rows lie end to end; elsewhere they are padded, and a mask says what is seen."""
        self.user, self.assistant = tokenizer.ids[USER], tokenizer.ids[ASSISTANT]
        self.device = device

    def rows(self, path: str) -> list[numpy.ndarray]:
        with numpy.load(path) as file:
            tokens, ends = file["tokens"], file["ends"]
        rows = numpy.split(tokens, ends[:-1])
        return [r for r in rows if len(r) <= MAX_ROW]

    def of(self, rows: list[numpy.ndarray], budget: int, rng: numpy.random.Generator | None, team: "Team | None" = None) -> Iterator[dict]:
        """Of a team, each member gets its own batches, and all get equally many."""
        order = rng.permutation(len(rows)) if rng else numpy.arange(len(rows))
        for start in range(0, len(order), POOL_ROWS):
            pool = sorted(order[start:start + POOL_ROWS], key=lambda i: len(rows[i]))
            batches, batch = [], []
            for index in pool:
                if batch and (len(batch) + 1) * len(rows[index]) > budget:
                    batches.append(batch)
                    batch = []
                batch.append(index)
            batches.append(batch)
            numbers = list(rng.permutation(len(batches)) if rng else range(len(batches)))
            if team:
                numbers = numbers[:len(numbers) // team.size * team.size][team.rank::team.size]
            for number in numbers:
                some = [rows[i] for i in batches[number]]
                yield packed.pack(some, self.user, self.assistant) if self.device == "cpu" else self.padded(some)

    def padded(self, rows: list[numpy.ndarray]) -> "Padded":
        longest = max(map(len, rows))
        tokens = numpy.zeros((len(rows), longest), dtype=numpy.int64)
        for index, row in enumerate(rows):
            tokens[index, :len(row)] = row
        lengths = numpy.array([len(r) for r in rows])
        starts = tokens == self.user
        segment = starts.cumsum(1)
        segment[numpy.arange(longest)[None] >= lengths[:, None]] = 255
        at = numpy.broadcast_to(numpy.arange(longest), tokens.shape)
        prefix = (segment == 0).sum(1, keepdims=True)
        start_of = numpy.maximum.accumulate(numpy.where(starts, at, 0), 1)
        positions = numpy.where(segment == 0, at, prefix + at - start_of)
        last = numpy.maximum.accumulate(numpy.where(starts | (tokens == self.assistant), at, 0), 1)
        answering = (numpy.take_along_axis(tokens, last, 1) == self.assistant) & (segment > 0) & (segment < 255)
        # The token at a place predicts the next one of its own mission.
        predicts = answering[:, :-1] & (segment[:, 1:] == segment[:, :-1])
        tokens_t, segment_t = torch.from_numpy(tokens), torch.from_numpy(segment)
        same = (segment_t[:, None, :] == segment_t[:, :, None]) | (segment_t[:, None, :] == 0)
        causal = torch.ones(longest, longest, dtype=torch.bool).tril()
        where = torch.from_numpy(predicts).nonzero(as_tuple=True)
        mask = torch.zeros(same.shape, dtype=torch.bfloat16).masked_fill(~(same & causal), -1e9)[:, None]
        device = self.device
        return Padded(
            tokens_t.to(device), torch.from_numpy(positions).to(device), mask.to(device), tuple(w.to(device) for w in where),
            tokens_t[:, 1:][where].to(device), (where[0] * 256 + segment_t[:, :-1][where]).to(device))


@dataclass
class Padded:
    tokens: Tensor
    positions: Tensor
    mask: Tensor
    """Places whose next token is part of an answer."""
    where: tuple[Tensor, ...]
    targets: Tensor
    """Number of the mission of each such place."""
    missions: Tensor


def logits(model: Phi3, batch: packed.Packed | Padded) -> Tensor:
    """At the places before each token of an answer, `[N, V]`."""
    if isinstance(batch, packed.Packed):
        return packed.logits(model, batch).float()
    with torch.autocast(batch.tokens.device.type, torch.bfloat16):
        hidden = model(batch.tokens, batch.positions, batch.mask)
        return model.lm_head(hidden[batch.where]).float()


@torch.no_grad()
def evaluate(model: Phi3, batches: Batches, rows: list[numpy.ndarray], budget: int) -> tuple[float, float]:
    """Loss per token, and the part of answers that greedy decoding gets wholly right.

    Every token being the likeliest after the right ones before is the same as greedy decoding being
    right, so one pass is enough.
    """
    model.eval()
    loss = count = right = missions = 0
    for batch in batches.of(rows, budget, None):
        out = logits(model, batch)
        loss += F.cross_entropy(out, batch.targets, reduction="sum").item()
        count += len(batch.targets)
        wrong = out.argmax(-1) != batch.targets
        total = len(batch.missions.unique())
        missions += total
        right += total - len(batch.missions[wrong].unique())
    model.train()
    return loss / count, right / missions


def optimizers(model: Phi3, rate: float, muon: bool) -> list[torch.optim.Optimizer]:
    """AdamW; the matrices of the layers by Muon, which needs fewer steps."""
    matrices = [p for n, p in model.named_parameters() if p.dim() == 2 and ".layers." in n] if muon else []
    inside = {id(p) for p in matrices}
    # Weights of norms stay one: the matrices after them can say the same.
    others = [p for p in model.parameters() if p.dim() == 2 and id(p) not in inside]
    found: list[torch.optim.Optimizer] = [torch.optim.AdamW(others, lr=rate, betas=(0.9, 0.98), weight_decay=0.01)]
    if matrices:
        found.append(torch.optim.Muon(matrices, lr=rate, weight_decay=0.01, momentum=0.95, adjust_lr_fn="match_rms_adamw"))
    return found


def cooling(used: float, begin: float) -> float:
    """One until `begin` of the time is used, then falling like half a cosine: more time can be given later."""
    part = max(0.0, used - begin) / (1 - begin)
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(part, 1.0)))


class Team:
    """Processes that train one model together, each on its own part of every batch.

    On CPUs two processes of one thread each do more than one of two threads.
    """

    def __init__(self, rank: int, size: int) -> None:
        self.rank, self.size = rank, size
        if size > 1:
            torch.distributed.init_process_group("gloo", rank=rank, world_size=size)

    def agree(self, model: Phi3, used_s: float) -> float:
        """Gives all the mean gradient and the mean time used."""
        if self.size == 1:
            return used_s
        grads = [p.grad for p in model.parameters() if p.grad is not None]
        everything = torch.cat([g.flatten() for g in grads] + [torch.tensor([used_s])]).div_(self.size)
        torch.distributed.all_reduce(everything)
        at = 0
        for grad in grads:
            grad.copy_(everything[at:at + grad.numel()].view_as(grad))
            at += grad.numel()
        return float(everything[-1])


def main() -> None:
    options = arguments_of_command()
    if options.processes == 1:
        train(0, options)
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), OMP_NUM_THREADS="1")
    torch.multiprocessing.spawn(train, (options,), options.processes)


def arguments_of_command() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", required=True, help="pattern of files; looked up again after each")
    arguments.add_argument("--valid", required=True)
    arguments.add_argument("--out", type=Path, required=True)
    arguments.add_argument("--vocabulary", type=Path, default=Path(__file__).parent / "vocabulary.json")
    arguments.add_argument("--minutes", type=float, default=60, help="of training in all, those before the checkpoint included")
    arguments.add_argument("--batch-tokens", type=int, default=6_000)
    arguments.add_argument("--rate", type=float, default=3e-3)
    arguments.add_argument("--cool-from", type=float, default=0.6, help="part of the time after which the rate falls")
    arguments.add_argument("--warmup-steps", type=int, default=100)
    arguments.add_argument("--checkpoint-minutes", type=float, default=3)
    arguments.add_argument("--layers", type=int, default=4)
    arguments.add_argument("--feed-forward", type=int, default=768)
    arguments.add_argument("--no-muon", action="store_true")
    arguments.add_argument("--processes", type=int, default=1, help="that train together; as many as there are cores is best on CPUs")
    arguments.add_argument("--seed", type=int, default=1)
    return arguments.parse_args()


def train(rank: int, options: argparse.Namespace) -> None:
    team = Team(rank, options.processes)
    if team.size > 1:
        torch.set_num_threads(1)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(options.seed)
    tokenizer = Tokenizer.load(options.vocabulary)
    shape = Shape(len(tokenizer.tokens), layers=options.layers, feed_forward=options.feed_forward)
    saved = torch.load(options.out, map_location=device, weights_only=True) if options.out.exists() else None
    if saved:
        shape = Shape(**saved["shape"])
    model = Phi3(shape).to(device)
    steps_of = optimizers(model, options.rate, not options.no_muon)
    step, used_s, files_done = 0, 0.0, 0
    if saved:
        model.load_state_dict(saved["model"])
        for optimizer, state in zip(steps_of, saved["optimizers"]):
            optimizer.load_state_dict(state)
        step, used_s, files_done = saved["step"], saved["used_s"], saved["files_done"]
    batches = Batches(tokenizer, device)
    valid = batches.rows(options.valid)
    if team.rank == 0:
        print(f"{sum(p.numel() for p in model.parameters()):,} parameters on {device}, from step {step}", flush=True)

    limit_s, last, said_at, saved_at = options.minutes * 60, time.monotonic(), time.monotonic(), time.monotonic()
    losses, tokens_seen = [], 0

    def save() -> None:
        if team.rank > 0:
            return
        value = {"shape": shape.to_dict(), "model": model.state_dict(), "optimizers": [o.state_dict() for o in steps_of],
                 "step": step, "used_s": used_s, "files_done": files_done}
        torch.save(value, options.out.with_suffix(".new"))
        options.out.with_suffix(".new").replace(options.out)

    while used_s < limit_s:
        files = sorted(glob.glob(options.data))
        path = files[files_done % len(files)]
        rng = numpy.random.default_rng(options.seed * 1000 + files_done)
        rows = batches.rows(path)
        for batch in batches.of(rows[:len(rows) // POOL_ROWS * POOL_ROWS], options.batch_tokens, rng, team):
            if used_s >= limit_s:
                break
            rate = options.rate * min((step + 1) / options.warmup_steps, cooling(used_s / limit_s, options.cool_from))
            for optimizer in steps_of:
                for group in optimizer.param_groups:
                    group["lr"] = rate
            loss = F.cross_entropy(logits(model, batch), batch.targets)
            loss.backward()
            used_s = team.agree(model, used_s)
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for optimizer in steps_of:
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
            step += 1
            losses.append(loss.item())
            tokens_seen += batch.tokens.numel()
            now = time.monotonic()
            # A training that was stopped for a while, or slept with its machine, has not used that time.
            used_s += min(now - last, MAX_STEP_S)
            last = now
            if team.rank == 0 and now - said_at >= 20:
                print(f"step {step} {used_s / 60:.1f} min loss {sum(losses) / len(losses):.4f} rate {rate:.2e} {tokens_seen / (now - said_at):.0f} tokens/s", flush=True)
                losses, tokens_seen, said_at = [], 0, now
            if team.rank == 0 and now - saved_at >= options.checkpoint_minutes * 60:
                save()
                valid_loss, exact = evaluate(model, batches, valid, options.batch_tokens)
                print(f"step {step} valid loss {valid_loss:.4f} exact {exact:.3f}", flush=True)
                last = saved_at = time.monotonic()
        files_done += 1
    save()
    if team.rank > 0:
        return
    valid_loss, exact = evaluate(model, batches, valid, options.batch_tokens)
    print(f"end: step {step} valid loss {valid_loss:.4f} exact {exact:.3f}", flush=True)


if __name__ == "__main__":
    main()
