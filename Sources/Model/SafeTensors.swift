// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation

/// The safetensors file format: an 8-byte little-endian header length, a JSON header, the tensors' bytes.
/// https://github.com/huggingface/safetensors#format
///
/// Files are untrusted input: reading checks every length and offset against the file before use.
package struct SafeTensors: Sendable {
    /// A tensor, as numbers or as the bytes of a file. Bytes become numbers when somebody asks, so that a model's numbers
    /// need not be in memory all at once.
    package struct Tensor: Sendable, Equatable {
        package let shape: [Int]
        private var stored: Stored

        private enum Stored {
            case numbers([Float])
            /// Little-endian, of IEEE half and single precision.
            case halves(ArraySlice<UInt8>)
            case singles(ArraySlice<UInt8>)
        }

        package init(shape: [Int], values: [Float]) {
            precondition(shape.reduce(1, *) == values.count, "a tensor of shape \(shape) has \(values.count) values")
            (self.shape, stored) = (shape, .numbers(values))
        }

        fileprivate init(shape: [Int], halves: ArraySlice<UInt8>) { (self.shape, stored) = (shape, .halves(halves)) }

        fileprivate init(shape: [Int], singles: ArraySlice<UInt8>) { (self.shape, stored) = (shape, .singles(singles)) }

        package var count: Int { shape.reduce(1, *) }

        /// The numbers in single precision, row-major. Converts all of them if they are a file's bytes.
        package var values: [Float] {
            get {
                if case .numbers(let values) = stored { return values }
                return values(0..<count)
            }
            set {
                precondition(newValue.count == count, "a tensor of shape \(shape) has \(newValue.count) values")
                stored = .numbers(newValue)
            }
        }

        /// Some of `values`.
        func values(_ range: Range<Int>) -> [Float] {
            switch stored {
            case .numbers(let values): Array(values[range])
            case .halves(let bytes):
                bytes.dropFirst(2 * range.lowerBound).prefix(2 * range.count).withUnsafeBytes(\.halves)
            case .singles(let bytes):
                bytes.dropFirst(4 * range.lowerBound).prefix(4 * range.count).withUnsafeBytes(\.singles)
            }
        }

        /// Whether every number is finite.
        package var isFinite: Bool {
            if case .halves(let bytes) = stored { return bytes.withUnsafeBytes(\.areFiniteHalves) }
            return values.allSatisfy(\.isFinite)
        }

        package static func == (one: Tensor, other: Tensor) -> Bool {
            one.shape == other.shape && one.values == other.values
        }
    }

    package var metadata: [String: String]
    package var tensors: [String: Tensor]

    package init(metadata: [String: String], tensors: [String: Tensor]) {
        self.metadata = metadata
        self.tensors = tensors
    }

    /// Size of the largest file that is read. The shipped model is less than a fiftieth of that size.
    package static let maximumBytes = 64 << 20
    static let maximumHeader = 1 << 20

    /// A tensor as the header describes it.
    private struct Entry: Codable {
        var dtype: String
        var shape: [Int]
        var offsets: [Int]

        enum CodingKeys: String, CodingKey {
            case dtype, shape
            case offsets = "data_offsets"
        }
    }

    /// The header: the metadata, and an entry for each tensor.
    private struct Header: Decodable {
        var metadata: [String: String] = [:]
        var entries: [String: Entry] = [:]

        struct Key: CodingKey {
            var stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            for key in container.allKeys {
                if key.stringValue == "__metadata__" {
                    metadata = try container.decode([String: String].self, forKey: key)
                } else {
                    entries[key.stringValue] = try container.decode(Entry.self, forKey: key)
                }
            }
        }
    }

    /// Parses the bytes of a file.
    ///
    /// - Throws: `malformed`, or `unsupported` for a tensor that is neither F16 nor F32.
    package init(bytes: [UInt8]) throws(ModelError) {
        guard bytes.count >= 8 else {
            throw ModelError(.malformed, "\(bytes.count) bytes are too few for a safetensors file")
        }
        let length = bytes[0..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(min(Self.maximumHeader, bytes.count - 8)) else {
            throw ModelError(.malformed, "not a safetensors file: its header would be \(length) bytes long")
        }
        let body = 8 + Int(length)
        let header: Header
        do {
            header = try JSON.decode(Header.self, from: bytes[8..<body])
        } catch {
            throw ModelError(.malformed, "not a safetensors file: the header is not the JSON that it should be")
        }
        metadata = header.metadata
        tensors = [:]
        for (name, entry) in header.entries {
            tensors[name] = try Self.tensor(entry, name: name, in: bytes[body...])
        }
    }

    private static func tensor(_ entry: Entry, name: String, in body: ArraySlice<UInt8>) throws(ModelError) -> Tensor {
        let name = String(name.prefix(60))
        let width: Int
        switch entry.dtype {
        case "F16": width = 2
        case "F32": width = 4
        default:
            throw ModelError(.unsupported, "tensor '\(name)' is \(entry.dtype.prefix(12)); F16 and F32 are understood")
        }
        guard entry.shape.count <= 8, entry.shape.allSatisfy({ $0 >= 0 }), entry.offsets.count == 2 else {
            throw ModelError(.malformed, "tensor '\(name)' has an impossible shape or offsets")
        }
        var count = 1
        for dimension in entry.shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
            guard !overflow, product <= Self.maximumBytes else {
                throw ModelError(.malformed, "tensor '\(name)' is larger than any model")
            }
            count = product
        }
        let (start, end) = (entry.offsets[0], entry.offsets[1])
        guard start >= 0, start <= end, end <= body.count, end - start == count * width else {
            throw ModelError(
                .malformed,
                "tensor '\(name)' of shape \(entry.shape) does not fit bytes \(start)..<\(end) of \(body.count)")
        }
        let bytes = body.dropFirst(start).prefix(end - start)
        return width == 2 ? Tensor(shape: entry.shape, halves: bytes) : Tensor(shape: entry.shape, singles: bytes)
    }

    /// Reads a file of at most `limit` bytes, by default 64 MiB.
    package init(contentsOf path: String, limit: Int = SafeTensors.maximumBytes) throws(ModelError) {
        let bytes: [UInt8]
        do {
            bytes = try readWholeFile(path, limit: limit)
        } catch {
            let code: ModelError.Code = error.code == .tooLarge ? .malformed : .cannotRead
            throw ModelError(code, "model '\(path)': \(error.message)", call: error.call, errno: error.errno)
        }
        do {
            try self.init(bytes: bytes)
        } catch {
            throw ModelError(error.code, "model '\(path)': \(error.message)", call: error.call, errno: error.errno)
        }
    }

    /// The file's bytes. Tensors are sorted by name, so that equal contents give equal files.
    ///
    /// - Throws: `badTensor` if a number is too large for half precision.
    package func serialized(halfPrecision: Bool) throws(ModelError) -> [UInt8] {
        let width = halfPrecision ? 2 : 4
        var entries: [String: Entry] = [:]
        var offset = 0
        var body: [UInt8] = []
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            let end = offset + tensor.count * width
            entries[name] = Entry(
                dtype: halfPrecision ? "F16" : "F32", shape: tensor.shape, offsets: [offset, end])
            offset = end
            for value in tensor.values {
                if halfPrecision {
                    guard Float16(value).isFinite || !value.isFinite else {
                        throw ModelError(
                            .badTensor,
                            "tensor '\(name)' holds \(value), but the largest half-precision number is 65504")
                    }
                    withUnsafeBytes(of: Float16(value).bitPattern.littleEndian) { body.append(contentsOf: $0) }
                } else {
                    withUnsafeBytes(of: value.bitPattern.littleEndian) { body.append(contentsOf: $0) }
                }
            }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            // Two encodings joined by hand, because the metadata and the entries are of different types.
            let metadata = try String(decoding: encoder.encode(self.metadata), as: UTF8.self)
            let tensors = try String(decoding: encoder.encode(entries), as: UTF8.self)
            var header = "{\"__metadata__\":\(metadata)" + (entries.isEmpty ? "}" : "," + tensors.dropFirst())
            header += String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
            let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { [UInt8]($0) }
            return length + Array(header.utf8) + body
        } catch {
            throw ModelError(.cannotWrite, "the model's metadata cannot be written as JSON: \(error)")
        }
    }
}
