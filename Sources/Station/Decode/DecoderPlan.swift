// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc

/// How ffmpeg is started. It decodes what nobody vouches for, so it gets bytes and no names: it can open nothing but its
/// standard streams, except for RTSP, which it speaks itself.
enum DecoderPlan {
    /// What it writes: signed 16-bit samples of two channels, whatever the station sends.
    static let rate = 44_100
    static let channels = 2
    static let frameBytes = 4

    /// Formats in which stations send. ffmpeg knows hundreds more, some of which open further files.
    private static let formats = """
        mp3,aac,loas,ogg,flac,wav,w64,aiff,au,caf,ac3,eac3,dts,amr,mov,mp4,matroska,webm,mpegts,mpeg,asf,flv,live_flv,avi,\
        wv,tta,ape,rm
        """

    /// The arguments to decode standard input.
    ///
    /// - Parameter paced: whether the input comes faster than it sounds, and so has to be held back.
    static func arguments(ffmpeg: String, paced: Bool) -> [String] {
        [ffmpeg] + common + (paced ? ["-re"] : [])
            + ["-protocol_whitelist", "pipe", "-format_whitelist", formats, "-i", "pipe:0"] + output
    }

    /// The arguments to read the script of `script(for:)` from standard input, and to play what it names.
    static func rtspArguments(ffmpeg: String) -> [String] {
        [ffmpeg] + common
            + ["-protocol_whitelist", "pipe,rtsp,rtp,tcp,udp", "-safe", "0", "-f", "concat", "-i", "pipe:0"] + output
    }

    /// What tells ffmpeg a URL without an argument, which every user of the machine could see.
    static func script(for url: StationURL) -> String {
        let quoted = url.textWithPassword.split(separator: "'", omittingEmptySubsequences: false).joined(
            separator: #"'\''"#)
        return """
            ffconcat version 1.0
            file '\(quoted)'
            option rtsp_transport tcp
            option timeout 10000000

            """
    }

    private static let common = [
        "-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-threads", "1",
        // Bytes that one allocation may have: a damaged header can ask for any number.
        "-max_alloc", "67108864",
        // Microseconds and bytes until the format must be known.
        "-analyzeduration", "3000000", "-probesize", "1000000",
    ]

    private static let output = [
        "-map", "0:a:0", "-vn", "-sn", "-dn", "-ac", "\(channels)", "-ar", "\(rate)", "-f", "s16le",
        "-flush_packets", "1", "pipe:1",
    ]

    /// For a program that is root: ffmpeg is nobody, gains no rights by what it runs, and dies with this program. In the unit
    /// this would not work: setpriv(1) sets capabilities in any case, which the sandbox forbids.
    ///
    /// - Throws: if there is no setpriv.
    static func asNobody(_ arguments: [String]) throws(StationFailure) -> [String] {
        guard let setpriv = findProgram("setpriv") else {
            throw StationFailure(
                "root cannot take ffmpeg's rights away without setpriv (util-linux); run this as another user")
        }
        return [
            setpriv, "--no-new-privs", "--pdeathsig", "KILL", "--reuid", "65534", "--regid", "65534", "--clear-groups",
            "--inh-caps", "-all", "--bounding-set", "-all", "--",
        ] + arguments
    }
}
