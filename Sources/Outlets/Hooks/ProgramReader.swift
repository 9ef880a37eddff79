// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc
import StrictYAML
import Yams

/// Reads the keys of a command.
struct ProgramReader {
    static let options = ["timeout"]
    private static let mostArguments = 100
    private static let longest = 32 << 10

    let reader: MappingReader

    private var problems: ProblemCollector { reader.problems }

    /// Nil if the rule has no command, or a wrong one.
    func program() -> HookProgram? {
        let timeout = reader.value("timeout", "a duration from 0.1 s to 10 min") { text in
            DurationText.seconds(text).flatMap { (0.1...600).contains($0) ? $0 : nil }
        }
        guard let node = reader.node("run") else { return nil }
        let expected = "a list, the program's absolute path and its arguments, such as [/usr/bin/logger, silence]"
        guard case .sequence(let elements) = node, elements.count > 0 else {
            let found = if case .sequence = node { "an empty list" } else { node.kind }
            problems.report("run must be \(expected), not \(found); no shell reads it", at: node)
            return nil
        }
        guard elements.count <= Self.mostArguments else {
            problems.report("run has \(elements.count) words; at most \(Self.mostArguments) are allowed", at: node)
            return nil
        }
        var arguments: [String] = []
        for element in elements {
            // "" and ~ in quotes are arguments; without quotes they are slips.
            guard let text = element.text, !element.isEmptyScalar else {
                problems.report("an argument of run must be a text, not \(element.kind)", at: element)
                continue
            }
            guard !text.utf8.contains(0), text.utf8.count <= Self.longest else {
                problems.report("an argument of run has a NUL byte, or more than \(Self.longest) bytes", at: element)
                continue
            }
            arguments.append(text)
        }
        guard arguments.count == elements.count, let path = arguments.first else { return nil }
        if let problem = Self.problem(path) {
            problems.report("run: \(problem)", at: elements[0])
            return nil
        }
        return HookProgram(arguments: arguments, timeout: timeout ?? HookProgram.usualTimeout)
    }

    /// Why a program cannot be run; nil if it can.
    private static func problem(_ path: String) -> String? {
        guard path.hasPrefix("/") else {
            return "\(quoted(path)) is not an absolute path; \"command -v NAME\" in a shell prints it"
        }
        var status = stat()
        guard stat(path, &status) == 0 else { return "\(printable(path)): \(systemMessage(errno))" }
        guard status.st_mode & S_IFMT == S_IFREG else { return "\(printable(path)) is not a file" }
        guard access(path, X_OK) == 0 else {
            return "\(printable(path)) cannot be run: \(systemMessage(errno)); \"chmod +x\" makes it a program"
        }
        return nil
    }
}
