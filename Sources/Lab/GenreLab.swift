// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import ControlProtocol
import Foundation

/// The program `genrelab`.
@main
struct GenreLab: ParsableCommand {
    static func main() {
        // Who reads the progress may go; that is no reason to end a training. What is printed is checked.
        signal(SIGPIPE, SIG_IGN)
        // Where a standard descriptor is closed, the first file that is opened would get its number, and what is printed.
        // For reading: what cannot be printed shall be an error.
        while case let descriptor = open("/dev/null", O_RDONLY), descriptor >= 0 {
            guard descriptor > STDERR_FILENO else { continue }
            close(descriptor)
            break
        }
        main(nil)
    }

    static let configuration = CommandConfiguration(
        commandName: "genrelab",
        abstract: "Teach and judge the network by which genred hears, and label audio files with it.",
        discussion: """
            EXAMPLES:
              genrelab classify song.mp3                   what is this?
              genrelab extract music/ features/            music/<genre>/<track>.<any extension> to features
              genrelab train --features features --valid held-out.txt --out mine.safetensors
              genrelab evaluate --model mine.safetensors --features features --split held-out.txt
              genred --model mine.safetensors              listen with it

            EXIT CODES:
              0   success
              1   something could not be read, written or learned; standard error says what
              64  the command line is wrong
            """,
        version: genredVersion,
        subcommands: [
            ExtractCommand.self, TrainCommand.self, TuneCommand.self, EvaluateCommand.self, ClassifyCommand.self,
            StreamsCommand.self,
            ExportCommand.self, ImportCommand.self,
        ]
    )
}
