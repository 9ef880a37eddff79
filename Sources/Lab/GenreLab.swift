// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import Foundation

/// The program `genrelab`.
@main
struct GenreLab: ParsableCommand {
    static func main() {
        // A reader that goes away must not end a training run. A result that cannot be written is an error all the same.
        signal(SIGPIPE, SIG_IGN)
        // If a standard descriptor were closed, the next file opened would reuse its number and receive everything printed.
        // Opened for reading, so that printing to it is an error.
        while case let descriptor = open("/dev/null", O_RDONLY), descriptor >= 0 {
            guard descriptor > STDERR_FILENO else { continue }
            close(descriptor)
            break
        }
        let arguments = PathText.arguments()
        if let file = arguments.prefix(while: { $0 != "--" }).first(where: isLikeFile) {
            Output.note("Error: no option '\(file)'; a file whose name begins with a dash is written ./\(file)")
            Glibc.exit(EX_USAGE)
        }
        let commands = configuration.subcommands.compactMap { $0.configuration.commandName }
        if let suggestion = CommandSuggestion(arguments, among: commands, options: [], flags: []) {
            exit(withError: ValidationError(suggestion.message))
        }
        main(arguments)
    }

    /// Whether an argument begins like an option, although it can be none: the only one with a single dash is -h, and the
    /// parser would find it in -dash.wav too.
    private static func isLikeFile(_ argument: String) -> Bool {
        argument.hasPrefix("-") && !argument.hasPrefix("--") && !["-", "-h"].contains(argument)
            && Double(argument) == nil
    }

    static let configuration = CommandConfiguration(
        commandName: "genrelab",
        abstract: "Train and evaluate genred's models, and classify audio files.",
        discussion: """
            EXAMPLES:
              genrelab classify song.mp3                   classify a file
              genrelab extract music/ features/            compute features of audio
              genrelab train --features features --valid held-out.txt --out mine.safetensors
              genrelab evaluate --model mine.safetensors --features features --split held-out.txt
              genred --model mine.safetensors              listen with it

            EXIT CODES:
              0   success
              1   something could not be read, written or trained; standard error says what
              2   all was done, but some audio files are damaged, and only a part of
                  them was heard
              64  the command line is wrong
            """,
        version: genredVersion,
        subcommands: [
            ExtractCommand.self, TrainCommand.self, TuneCommand.self, EvaluateCommand.self, ClassifyCommand.self,
            StreamsCommand.self, TargetsCommand.self,
            ExportCommand.self, ImportCommand.self,
        ]
    )
}

extension ExitCode {
    /// All was done, but some audio files were heard only in part.
    static let partly = ExitCode(2)
}
