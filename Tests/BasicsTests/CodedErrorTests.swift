// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc
import Testing

struct CodedErrorTests {
    enum Code { case broken }

    @Test func `an error says its message, the C call and the error number`() {
        #expect(CodedError(Code.broken, "no luck").description == "no luck")
        #expect(CodedError(Code.broken, "no luck", call: "open").description == "no luck (open)")
        #expect(
            CodedError(Code.broken, "no luck", call: "open", errno: ENOENT).description == "no luck (open, error 2)")
    }
}
