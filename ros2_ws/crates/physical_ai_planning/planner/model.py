"""Phi-3's architecture in plain PyTorch, with the tensor names of Hugging Face's `Phi3ForCausalLM`."""

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass
class Shape:
    vocabulary: int
    width: int = 256
    layers: int = 4
    heads: int = 4
    feed_forward: int = 768
    context: int = 2048
    rope_base: float = 10000.0
    epsilon: float = 1e-5

    def to_dict(self) -> dict:
        return asdict(self)


class Norm(nn.Module):
    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width), requires_grad=False)
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x.float(), self.weight.shape, self.weight, self.epsilon)


class Attention(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads, self.head_width = shape.heads, shape.width // shape.heads
        self.qkv_proj = nn.Linear(shape.width, 3 * shape.width, bias=False)
        self.o_proj = nn.Linear(shape.width, shape.width, bias=False)

    def forward(self, x: Tensor, mask: Tensor | None, rope: tuple[Tensor, Tensor], cache: list | None) -> Tensor:
        b, t, _ = x.shape
        q, k, v = self.qkv_proj(x).view(b, t, 3, self.heads, self.head_width).permute(2, 0, 3, 1, 4)
        q, k = rotate(q, *rope), rotate(k, *rope)
        if cache is not None:
            if cache:
                k, v = torch.cat([cache[0], k], 2), torch.cat([cache[1], v], 2)
            cache[:] = [k, v]
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None and t > 1)
        return self.o_proj(y.transpose(1, 2).reshape(b, t, -1))


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Pairs are the halves of a head, as in GPT-NeoX."""
    one, two = x.chunk(2, -1)
    return torch.cat([one * cos - two * sin, two * cos + one * sin], -1)


class FeedForward(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_up_proj = nn.Linear(shape.width, 2 * shape.feed_forward, bias=False)
        self.down_proj = nn.Linear(shape.feed_forward, shape.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.gate_up_proj(x).chunk(2, -1)
        return self.down_proj(F.silu(gate) * up)


class Layer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.self_attn, self.mlp = Attention(shape), FeedForward(shape)
        self.input_layernorm = Norm(shape.width, shape.epsilon)
        self.post_attention_layernorm = Norm(shape.width, shape.epsilon)

    def forward(self, x: Tensor, mask: Tensor | None, rope: tuple[Tensor, Tensor], cache: list | None) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), mask, rope, cache)
        return x + self.mlp(self.post_attention_layernorm(x))


class Phi3(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.model = nn.ModuleDict({
            "embed_tokens": nn.Embedding(shape.vocabulary, shape.width),
            "layers": nn.ModuleList(Layer(shape) for _ in range(shape.layers)),
            "norm": Norm(shape.width, shape.epsilon),
        })
        self.lm_head = nn.Linear(shape.width, shape.vocabulary, bias=False)
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                deep = name.endswith(("o_proj.weight", "down_proj.weight"))
                nn.init.normal_(weight, std=0.02 / (2 * shape.layers) ** 0.5 if deep else 0.02)

    def rope(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        half = self.shape.width // self.shape.heads // 2
        inverse = self.shape.rope_base ** (-torch.arange(half, device=positions.device) / half)
        angles = positions.float()[:, None, :, None] * inverse
        return angles.cos(), angles.sin()

    def forward(self, tokens: Tensor, positions: Tensor, mask: Tensor | None = None, caches: list[list] | None = None) -> Tensor:
        """Hidden states `[B, T, D]` before the head, for tokens and positions `[B, T]`."""
        x = self.model["embed_tokens"](tokens)
        rope = self.rope(positions)
        if torch.is_autocast_enabled(tokens.device.type):
            rope = tuple(r.to(torch.bfloat16) for r in rope)
        for index, layer in enumerate(self.model["layers"]):
            x = layer(x, mask, rope, caches[index] if caches is not None else None)
        return self.model["norm"](x)
