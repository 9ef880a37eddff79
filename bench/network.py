"""The network of a genred model file in PyTorch and as an ONNX graph, for comparison."""
import json
import struct

import numpy as np


class Model:
    """A genred model file: its blocks' weights (float32), its head and what its metadata say."""

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
    def blocks(self):
        """(weight [out, in, kernel], bias [out], pool) of each convolution."""
        for index, block in enumerate(self.architecture["blocks"]):
            yield self.tensors[f"blocks.{index}.weight"], self.tensors[f"blocks.{index}.bias"], block["pool"]

    @property
    def head(self):
        """weight [labels, features], bias [labels]."""
        return self.tensors["head.weight"], self.tensors["head.bias"]


def torch_network(model):
    """A function from coefficients [32, 50] to probabilities [labels], in PyTorch on one thread."""
    import torch
    import torch.nn.functional as F

    torch.set_num_threads(1)
    blocks = [(torch.tensor(weight), torch.tensor(bias), pool) for weight, bias, pool in model.blocks]
    head = [torch.tensor(values) for values in model.head]
    epsilon = model.architecture["std_epsilon"]

    @torch.inference_mode()
    def run(coefficients):
        x = torch.from_numpy(coefficients)[None]
        for weight, bias, pool in blocks:
            x = F.max_pool1d(F.conv1d(x, weight, bias).relu_(), pool)
        deviation = torch.sqrt(x.var(-1, unbiased=False) + epsilon)
        features = torch.cat([x.mean(-1), x.amax(-1), deviation], -1)
        return (F.linear(features, *head) / model.temperature).softmax(-1)[0].numpy()

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

    x = "coefficients"
    for index, (weight, bias, pool) in enumerate(model.blocks):
        inputs = [x, constant(f"w{index}", weight), constant(f"b{index}", bias)]
        x = node("Conv", inputs, f"convolved{index}")
        x = node("Relu", [x], f"rectified{index}")
        if pool > 1:
            x = node("MaxPool", [x], f"pooled{index}", kernel_shape=[pool], strides=[pool])
    time = constant("time", np.array([2], np.int64))
    mean = node("ReduceMean", [x, time], "mean", keepdims=1)
    largest = node("ReduceMax", [x, time], "largest", keepdims=1)
    centred = node("Sub", [x, mean], "centred")
    variance = node("ReduceMean", [node("Mul", [centred, centred], "squared"), time], "variance", keepdims=1)
    epsilon = constant("epsilon", np.array(model.architecture["std_epsilon"], np.float32))
    deviation = node("Sqrt", [node("Add", [variance, epsilon], "shifted")], "deviation")
    joined = node("Concat", [mean, largest, deviation], "joined", axis=1)
    features = node("Flatten", [joined], "features")
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
