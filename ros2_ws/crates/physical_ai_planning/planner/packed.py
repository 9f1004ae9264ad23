"""The same model on rows laid end to end, for training on CPUs: each mission attends to its fleet and
itself only, so that the work grows with what is seen and not with the square of the row.

Parts are padded to multiples of `STEP` tokens: the CPU's matrix kernels are made anew for each shape.
Weights of norms stay one: what they could say, the matrices after them say as well.
"""

from dataclasses import dataclass

import numpy
import torch
from torch import Tensor
from torch.nn import functional as F

from model import Phi3

STEP = 16
LOW = -1e9


@dataclass
class Row:
    """Where a fleet and its missions lie; `fleet_end` is where its padding begins."""

    start: int
    fleet_end: int
    end: int
    missions: list[tuple[int, int]]


@dataclass
class Packed:
    tokens: Tensor
    positions: Tensor
    rows: list[Row]
    """Places whose next token is part of an answer."""
    where: Tensor
    targets: Tensor
    """Number of the mission of each such place."""
    missions: Tensor


def pack(rows: list[numpy.ndarray], user: int, assistant: int) -> Packed:
    tokens, positions, where, targets, missions, laid = [], [], [], [], [], []
    at = count = 0
    for row in rows:
        starts = numpy.flatnonzero(row == user)
        parts = numpy.split(row, starts)
        fleet = len(parts[0])
        place = Row(at, at + fleet, at + -(-fleet // STEP) * STEP, [])
        for index, part in enumerate(parts):
            length = -(-len(part) // STEP) * STEP
            padded = numpy.zeros(length, dtype=numpy.int64)
            padded[:len(part)] = part
            tokens.append(padded)
            positions.append(numpy.arange(length) + (fleet if index else 0))
            if index:
                place.missions.append((at, at + length))
                begin = int(numpy.flatnonzero(part == assistant)[0])
                where.append(numpy.arange(begin, len(part) - 1) + at)
                targets.append(part[begin + 1:].astype(numpy.int64))
                missions.append(numpy.full(len(part) - 1 - begin, count))
                count += 1
            at += length
        laid.append(place)
    joined = [torch.from_numpy(numpy.concatenate(x)) for x in (tokens, positions, where, targets, missions)]
    return Packed(joined[0], joined[1], laid, *joined[2:])


class Attention(torch.autograd.Function):
    """From joint queries, keys and values `[T, 3 D]` to attended values `[T, D]`, rotation included."""

    @staticmethod
    def forward(ctx, qkv: Tensor, cos: Tensor, sin: Tensor, rows: list[Row], heads: int, low: Tensor) -> Tensor:
        count, width = qkv.shape[0], qkv.shape[1] // 3
        turned = turn(qkv.view(count, 3, heads, width // heads).permute(1, 2, 0, 3), cos, sin)
        q, k, v = turned
        out = torch.empty_like(q)
        weights = []
        for row in rows:
            for begin, end, keys, values, fleet in parts(row, k, v):
                scores = q[:, begin:end] @ keys.transpose(1, 2)
                scores[:, :, fleet:] += low[:end - begin, :end - begin]
                if fleet:
                    scores[:, :, row.fleet_end - row.start:fleet] = LOW
                weight = torch.softmax(scores, -1)
                torch.bmm(weight, values, out=out[:, begin:end])
                weights.append(weight)
        ctx.save_for_backward(turned, cos, sin, *weights)
        ctx.rows, ctx.shape = rows, (count, heads, width)
        return out.permute(1, 0, 2).reshape(count, width)

    @staticmethod
    def backward(ctx, given: Tensor):
        turned, cos, sin, *weights = ctx.saved_tensors
        count, heads, width = ctx.shape
        q, k, v = turned
        given = given.view(count, heads, width // heads).permute(1, 0, 2).contiguous()
        grads = torch.zeros_like(turned)
        dq, dk, dv = grads
        index = 0
        for row in ctx.rows:
            for begin, end, keys, values, fleet in parts(row, k, v):
                weight, back = weights[index], given[:, begin:end]
                index += 1
                scores = torch._softmax_backward_data(back @ values.transpose(1, 2), weight, -1, weight.dtype)
                dq[:, begin:end] = scores @ keys
                key = scores.transpose(1, 2) @ q[:, begin:end]
                value = weight.transpose(1, 2) @ back
                if fleet:
                    dk[:, row.start:row.end] += key[:, :fleet]
                    dv[:, row.start:row.end] += value[:, :fleet]
                dk[:, begin:end] += key[:, fleet:]
                dv[:, begin:end] += value[:, fleet:]
        out = turn(grads, cos, -sin).permute(2, 0, 1, 3)
        return out.reshape(count, 3 * width), None, None, None, None, None


def parts(row: Row, k: Tensor, v: Tensor):
    """Queries' range, keys, values, and how many of those are the fleet's: the fleet, then each mission."""
    yield row.start, row.end, k[:, row.start:row.end], v[:, row.start:row.end], 0
    fleet_k, fleet_v = k[:, row.start:row.end], v[:, row.start:row.end]
    for begin, end in row.missions:
        yield begin, end, torch.cat([fleet_k, k[:, begin:end]], 1), torch.cat([fleet_v, v[:, begin:end]], 1), row.end - row.start


def turn(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotates queries and keys of `[3, H, T, D]`; values stay."""
    half = x.shape[-1] // 2
    out = torch.empty(x.shape, dtype=x.dtype)
    one, two = x[:2, ..., :half], x[:2, ..., half:]
    torch.mul(one, cos, out=out[:2, ..., :half]).addcmul_(two, sin, value=-1)
    torch.mul(two, cos, out=out[:2, ..., half:]).addcmul_(one, sin)
    out[2] = x[2]
    return out


class Normalize(torch.autograd.Function):
    """`[T, D]` in single precision to half, divided by the root of its mean square."""

    @staticmethod
    def forward(ctx, x: Tensor, epsilon: float) -> Tensor:
        scale = (torch.linalg.vector_norm(x, dim=-1, keepdim=True).square_() / x.shape[-1] + epsilon).rsqrt_()
        y = x * scale
        ctx.save_for_backward(y, scale)
        return y.to(torch.bfloat16)

    @staticmethod
    def backward(ctx, given: Tensor):
        y, scale = ctx.saved_tensors
        given = given.float()
        mean = torch.linalg.vecdot(given, y, dim=-1).unsqueeze(-1) / y.shape[-1]
        return given.addcmul_(y, mean, value=-1).mul_(scale), None


class Gate(torch.autograd.Function):
    """`[T, 2 F]` to `[T, F]`: SiLU of the first half times the second."""

    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        gate, up = x.chunk(2, -1)
        ctx.save_for_backward(x)
        return F.silu(gate) * up

    @staticmethod
    def backward(ctx, given: Tensor):
        (x,) = ctx.saved_tensors
        gate, up = x.chunk(2, -1)
        out = torch.empty_like(x)
        torch.mul(F.silu(gate), given, out=out[:, x.shape[-1] // 2:])
        out[:, :x.shape[-1] // 2] = torch.ops.aten.silu_backward(given * up, gate)
        return out


def logits(model: Phi3, batch: Packed) -> Tensor:
    """Logits at `batch.where`, `[N, V]`."""
    shape, layers = model.shape, model.model["layers"]
    half = torch.bfloat16
    # Queries and keys are both scaled on the way, so that their products are by 1/sqrt(head width).
    scale = (shape.width // shape.heads) ** -0.25
    cos, sin = ((r[0, 0] * scale).to(half) for r in model.rope(batch.positions[None]))
    longest = max(end - begin for row in batch.rows for begin, end in [(row.start, row.end), *row.missions])
    low = torch.full((longest, longest), LOW, dtype=half).triu(1)
    x = F.embedding(batch.tokens, model.model["embed_tokens"].weight)
    for layer in layers:
        qkv = F.linear(Normalize.apply(x, shape.epsilon), layer.self_attn.qkv_proj.weight.to(half))
        y = Attention.apply(qkv, cos, sin, batch.rows, shape.heads, low)
        if layer is layers[-1]:
            # Nobody looks at other places any more.
            x, y = x.index_select(0, batch.where), y.index_select(0, batch.where)
        x = x + F.linear(y, layer.self_attn.o_proj.weight.to(half))
        y = Gate.apply(F.linear(Normalize.apply(x, shape.epsilon), layer.mlp.gate_up_proj.weight.to(half)))
        x = x + F.linear(y, layer.mlp.down_proj.weight.to(half))
    y = Normalize.apply(x, shape.epsilon)
    return F.linear(y, model.lm_head.weight.to(half))
