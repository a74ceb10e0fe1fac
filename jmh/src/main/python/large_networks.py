"""The networks that `jmh/run models` measures, with random weights, and one call of each."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import (
    BertConfig,
    BertModel,
    DynamicCache,
    GPT2Config,
    GPT2LMHeadModel,
    ResNetConfig,
    ResNetForImageClassification,
)

PAST = 128  # positions in GPT-2's cache
LENGTH = 128  # tokens of BERT's input


@dataclass
class Network:
    """A module whose arguments and results are tensors."""

    model: nn.Module
    inputs: tuple[Tensor, ...]
    few_rows: bool = False  # in all products: PyTorch's own C++ for them is faster than a library's
    parallel: bool = True  # worth more than one thread


class Classifier(nn.Module):
    """ResNet-50's logits."""

    def __init__(self) -> None:
        super().__init__()
        self.net = ResNetForImageClassification(ResNetConfig(num_labels=1000))

    def forward(self, pixels: Tensor) -> Tensor:
        return self.net(pixels).logits


class Encoder(nn.Module):
    """BERT-base's hidden states."""

    def __init__(self) -> None:
        super().__init__()
        self.net = BertModel(BertConfig(), add_pooling_layer=False)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        return self.net(ids, attention_mask=mask).last_hidden_state


class Step(nn.Module):
    """GPT-2's next logits and its caches, which are one position longer than those it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.net = GPT2LMHeadModel(GPT2Config())

    def forward(self, token: Tensor, *past: Tensor) -> tuple[Tensor, ...]:
        cache = DynamicCache()
        for layer in range(len(past) // 2):
            cache.update(past[2 * layer], past[2 * layer + 1], layer)
        result = self.net(token, past_key_values=cache, use_cache=True)
        present = [t for layer in result.past_key_values.layers for t in (layer.keys, layer.values)]
        return result.logits, *present


def resnet50() -> Network:
    return Network(Classifier(), (torch.randn(1, 3, 224, 224),))


def bert_base() -> Network:
    ids = torch.randint(0, BertConfig().vocab_size, (1, LENGTH))
    return Network(Encoder(), (ids, torch.ones_like(ids)))


def gpt2_step() -> Network:
    config = GPT2Config()
    shape = (1, config.n_head, PAST, config.n_embd // config.n_head)
    past = torch.randn(2 * config.n_layer, *shape).unbind()
    token = torch.randint(0, config.vocab_size, (1, 1))
    return Network(Step(), (token, *past), few_rows=True)


def mlp() -> Network:
    """The 10-16-1 network of PyTorch's tutorial, on eight rows."""
    layers = nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 1), nn.Sigmoid())
    return Network(layers, (torch.randn(8, 10),), few_rows=True, parallel=False)


NETWORKS: dict[str, Callable[[], Network]] = {
    f.__name__: f for f in (resnet50, bert_base, gpt2_step, mlp)
}


def build(name: str) -> Network:
    """Returns a network, the same one each time."""
    torch.manual_seed(0)
    made = NETWORKS[name]()
    made.model.eval().requires_grad_(False)
    return made
