import Foundation

/// OpenBLAS before 0.3.22 does not know AMD's processors with AVX-512 and takes half as fast kernels for them.
public enum FastKernels {
    /// Starts the program anew with the right kernels where the library would choose the slow ones: it chooses when it
    /// is loaded, and looks at the environment only then. Does nothing elsewhere, or when the user has chosen.
    public static func select() {
        #if arch(x86_64)
            guard ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"] == nil, BLAS.kernels == "Haswell",
                let processor = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8),
                let flags = processor.split(separator: "\n").first(where: { $0.hasPrefix("flags") })?.split(separator: " "),
                Set(flags).isSuperset(of: ["avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd"])
            else { return }
            setenv("OPENBLAS_CORETYPE", "SkylakeX", 1)
            var arguments = CommandLine.arguments.map { strdup($0) } + [nil]
            // Returns only when it fails; then the slower kernels do.
            execv("/proc/self/exe", &arguments)
            for argument in arguments { free(argument) }
        #endif
    }
}
