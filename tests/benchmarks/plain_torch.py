"""MTT and DM as one writes them in PyTorch from the paper's description, to compare times and gradients with.

Modules of `torch.nn`, channels first, in their default layout. MTT ("Dancing with Still Images", CVPR 2024,
section 4): the student's weights are one vector that is cut up and put into the network again at each of the
unrolled steps. DM: a fresh network, and for each class one pass over real clips and one over the synthetic.
All of it is on the device that the networks and videos are moved to.
"""

import torch
from torch import nn
from torch.func import functional_call


class MiniC3D(nn.Module):
    """The paper's video network, for frames of `size` pixels a side."""

    def __init__(self, classes, width=128, stem=64, dropout=0.5, size=64):
        super().__init__()
        layers, channels = [], 3
        for filters, pool in ((stem, (1, 2, 2)), (width, (2, 2, 2)), (width, (2, 2, 2))):
            layers += [
                nn.Conv3d(channels, filters, (3, 7, 7), (1, 2, 2), (1, 3, 3)),
                nn.ReLU(),
                nn.MaxPool3d(pool),
            ]
            channels = filters
        self.features = nn.Sequential(*layers)
        self.pool = nn.AvgPool3d((2, 2, 2) if size > 64 else (2, 1, 1), 1)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Conv3d(channels, classes, 1)

    def embed(self, x):
        return self.features(x).flatten(1)

    def forward(self, x):
        x = self.head(self.dropout(self.pool(self.features(x))))
        return x.flatten(3).mean(3).amax(2)


class Reparametrised(nn.Module):
    """A network that is called with its weights as one vector."""

    def __init__(self, network):
        super().__init__()
        self.network = network
        named = dict(network.named_parameters())
        self.names, self.shapes = list(named), [p.shape for p in named.values()]
        self.sizes = [p.numel() for p in named.values()]

    def forward(self, vector, x):
        parts = torch.split(vector, self.sizes)
        weights = {n: part.view(shape) for n, part, shape in zip(self.names, parts, self.shapes)}
        return functional_call(self.network, weights, (x,))


class Videos(nn.Module):
    """Static memory (frozen), dynamic memory and the integrator: two stills and two motion clips a class."""

    def __init__(self, static, dynamic, kernel, bias):
        """Arrays (classes, 2, 3, H, W), (classes, 2, 1, T, H, W), (3, 4, 3, 3, 3) and (3,)."""
        super().__init__()
        self.register_buffer("static", torch.tensor(static))
        self.dynamic = nn.Parameter(torch.tensor(dynamic))
        self.integrator = nn.Conv3d(4, 3, 3, padding=1)
        with torch.no_grad():
            self.integrator.weight.copy_(torch.tensor(kernel))
            self.integrator.bias.copy_(torch.tensor(bias))

    def draw(self):
        """One static and one dynamic memory for each class, (classes, 2)."""
        return torch.randint(0, 2, (len(self.static), 2), device=self.static.device)

    def forward(self, labels, chosen):
        motion = self.dynamic[labels, chosen[:, 1]]
        still = self.static[labels, chosen[:, 0]].unsqueeze(2).expand(-1, -1, motion.shape[2], -1, -1)
        return self.integrator(torch.cat([still, motion], 1))


def trajectory_loss(student, videos, step_size, start, target, draws):
    """||theta_N - target||^2 / ||start - target||^2 after one step for each of `draws`, with its whole graph."""
    labels = torch.arange(len(videos.static), device=start.device)
    vector = start.clone().requires_grad_()
    for chosen in draws:
        error = nn.functional.cross_entropy(student(vector, videos(labels, chosen)), labels)
        (gradient,) = torch.autograd.grad(error, vector, create_graph=True)
        vector = vector - step_size * gradient
    return (vector - target).square().sum() / (start - target).square().sum()


class TrajectoryLoop:
    """MTT: `iterate()` is one iteration, from drawing an expert to the optimizers' steps."""

    def __init__(self, videos, network, experts, inner_steps, momentum=0.95):
        self.videos, self.student = videos, Reparametrised(network)
        self.experts, self.inner_steps = experts, inner_steps
        self.step_size = nn.Parameter(torch.tensor(0.01, device=videos.static.device))
        self.optimizers = _optimizers(videos, momentum)
        self.optimizers.append(torch.optim.SGD([self.step_size], lr=1e-5, momentum=momentum))

    def iterate(self):
        expert = self.experts[torch.randint(len(self.experts), ()).item()]
        epoch = torch.randint(len(expert) - 1, ()).item()
        start, target = (torch.cat([w.reshape(-1) for w in expert[i]]) for i in (epoch, epoch + 1))
        draws = [self.videos.draw() for _ in range(self.inner_steps)]
        loss = trajectory_loss(self.student, self.videos, self.step_size, start, target, draws)
        _step(self.optimizers, loss)
        with torch.no_grad():
            self.step_size.clamp_(min=0.001)
        return loss.item()


def distribution_loss(network, videos, real, chosen):
    """The squared distance of mean features, summed over classes; `real` is a list of clips of each class."""
    loss = 0.0
    for label, clips in enumerate(real):
        synthetic = videos(torch.tensor([label], device=clips.device), chosen[label : label + 1])
        target = network.embed(clips).detach().mean(0)
        loss = loss + (target - network.embed(synthetic).mean(0)).square().sum()
    return loss


class DistributionLoop:
    """DM: `iterate()` is one iteration, from drawing a network to the optimizers' steps."""

    def __init__(self, videos, make_network, real, real_per_class, momentum=0.95):
        """`real`: float (classes, videos, 3, T, H, W), normalised, all in memory of the device."""
        self.videos, self.make_network, self.real, self.real_per_class = (
            videos,
            make_network,
            real,
            real_per_class,
        )
        self.optimizers = _optimizers(videos, momentum)

    def iterate(self):
        network = self.make_network()
        for weight in network.parameters():
            weight.requires_grad_(False)
        real = [
            clips[torch.randperm(len(clips), device=clips.device)[: self.real_per_class]]
            for clips in self.real
        ]
        loss = distribution_loss(network, self.videos, real, self.videos.draw())
        _step(self.optimizers, loss)
        return loss.item()


def _optimizers(videos, momentum):
    return [
        torch.optim.SGD([videos.dynamic], lr=1.0, momentum=momentum),
        torch.optim.SGD(videos.integrator.parameters(), lr=1e-4, momentum=momentum),
    ]


def _step(optimizers, loss):
    for optimizer in optimizers:
        optimizer.zero_grad()
    loss.backward()
    for optimizer in optimizers:
        optimizer.step()
