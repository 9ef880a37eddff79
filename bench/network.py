# SPDX-License-Identifier: GPL-3.0-or-later
"""The network of a genred model file in PyTorch and as an ONNX graph, for comparison."""
import json
import struct

import numpy as np


class Model:
    """A genred model file: its branches' weights (float32), its head and its metadata."""

    def __init__(self, path):
        with open(path, "rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(length))
            data = file.read()
        metadata = header.pop("__metadata__")
        self.labels = json.loads(metadata["labels"])
        self.temperature = float(metadata["temperature"])
        self.architecture = json.loads(metadata["architecture"])
        self.front_end = json.loads(metadata["front_end"])
        self.tensors = {}
        for name, entry in header.items():
            begin, end = entry["data_offsets"]
            kind = {"F16": np.float16, "F32": np.float32}[entry["dtype"]]
            self.tensors[name] = np.frombuffer(data[begin:end], kind).astype(np.float32).reshape(entry["shape"])

    @property
    def branches(self):
        """Each branch's linear layer or None, 2-D blocks and 1-D blocks. A block is (weight, bias, pool)."""
        for number, branch in enumerate(self.architecture.get("branches", [self.architecture])):
            prefix = f"branches.{number}." if "branches" in self.architecture else ""

            def layer(name):
                return self.tensors[f"{prefix}{name}.weight"], self.tensors[f"{prefix}{name}.bias"]

            blocks2d = [
                (*layer(f"blocks2d.{index}"), (block["pool"]["time"], block["pool"]["frequency"]))
                for index, block in enumerate(branch.get("blocks2d", []))]
            blocks = [(*layer(f"blocks.{index}"), block["pool"]) for index, block in enumerate(branch["blocks"])]
            yield layer("input") if blocks2d else None, blocks2d, blocks

    @property
    def head(self):
        """weight [labels, features], bias [labels]."""
        return self.tensors["head.weight"], self.tensors["head.bias"]


def torch_network(model):
    """Returns a function from coefficients [32, 50] to probabilities [labels], in PyTorch on one thread."""
    import torch
    import torch.nn.functional as F

    torch.set_num_threads(1)
    tensors = lambda layer: layer and [x if isinstance(x, (int, tuple)) else torch.tensor(x) for x in layer]
    branches = [
        (tensors(first), [tensors(block) for block in blocks2d], [tensors(block) for block in blocks])
        for first, blocks2d, blocks in model.branches]
    head = [torch.tensor(values) for values in model.head]
    epsilon = model.architecture["std_epsilon"]

    @torch.inference_mode()
    def run(coefficients):
        coefficients = torch.from_numpy(coefficients)[None]
        features = []
        for first, blocks2d, blocks in branches:
            x = coefficients
            if first:
                x = F.linear(x.transpose(1, 2), *first)[:, None]
                for weight, bias, pool in blocks2d:
                    x = F.max_pool2d(F.conv2d(x, weight, bias, padding=(0, weight.shape[3] // 2)).relu_(), pool)
                x = x.permute(0, 3, 1, 2).flatten(1, 2)
            for weight, bias, pool in blocks:
                x = F.max_pool1d(F.conv1d(x, weight, bias).relu_(), pool)
            features += [x.mean(-1), x.amax(-1), torch.sqrt(x.var(-1, unbiased=False) + epsilon)]
        return (F.linear(torch.cat(features, -1), *head) / model.temperature).softmax(-1)[0].numpy()

    return run


def onnx_network(model, frames=50):
    """The same with ONNX Runtime, on one thread."""
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    nodes, constants = [], []

    def constant(name, values):
        constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def node(kind, inputs, output, **attributes):
        nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    epsilon = constant("epsilon", np.array(model.architecture["std_epsilon"], np.float32))
    time = constant("time", np.array([2], np.int64))

    def block(x, name, weight, bias, pool):
        sides = len(pool)
        pads = [0] * (2 * sides) if sides == 1 else [0, weight.shape[3] // 2] * 2
        x = node("Conv", [x, constant(f"{name}.weight", weight), constant(f"{name}.bias", bias)], f"{name}.convolved", pads=pads)
        x = node("Relu", [x], f"{name}.rectified")
        if max(pool) > 1:
            x = node("MaxPool", [x], f"{name}.pooled", kernel_shape=pool, strides=pool)
        return x

    statistics = []
    for number, (first, blocks2d, blocks) in enumerate(model.branches):
        x = "coefficients"
        if first:
            weight = constant(f"{number}.input.weight", first[0].T)
            x = node("MatMul", [node("Transpose", [x], f"{number}.frames", perm=[0, 2, 1]), weight], f"{number}.product")
            x = node("Add", [x, constant(f"{number}.input.bias", first[1])], f"{number}.bands")
            x = node("Unsqueeze", [x, constant(f"{number}.channel", np.array([1], np.int64))], f"{number}.image")
            for index, (weight, bias, pool) in enumerate(blocks2d):
                x = block(x, f"{number}.blocks2d.{index}", weight, bias, pool)
            x = node("Transpose", [x], f"{number}.turned", perm=[0, 3, 1, 2])
            shape = constant(f"{number}.shape", np.array([1, blocks[0][0].shape[1], -1], np.int64))
            x = node("Reshape", [x, shape], f"{number}.channels")
        for index, (weight, bias, pool) in enumerate(blocks):
            x = block(x, f"{number}.blocks.{index}", weight, bias, (pool,))
        mean = node("ReduceMean", [x, time], f"{number}.mean", keepdims=1)
        largest = node("ReduceMax", [x, time], f"{number}.largest", keepdims=1)
        centred = node("Sub", [x, mean], f"{number}.centred")
        squared = node("Mul", [centred, centred], f"{number}.squared")
        variance = node("ReduceMean", [squared, time], f"{number}.variance", keepdims=1)
        deviation = node("Sqrt", [node("Add", [variance, epsilon], f"{number}.shifted")], f"{number}.deviation")
        statistics += [mean, largest, deviation]
    features = node("Flatten", [node("Concat", statistics, "joined", axis=1)], "features")
    weight, bias = model.head
    inputs = [features, constant("head.weight", weight / model.temperature), constant("head.bias", bias / model.temperature)]
    logits = node("Gemm", inputs, "logits", transB=1)
    node("Softmax", [logits], "probabilities", axis=-1)
    graph = helper.make_graph(
        nodes, "genres",
        [helper.make_tensor_value_info("coefficients", TensorProto.FLOAT, [1, model.front_end["coefficients"], frames])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [1, len(model.labels)])], constants)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9).SerializeToString(), options)
    return lambda coefficients: session.run(None, {"coefficients": coefficients[None]})[0][0]
