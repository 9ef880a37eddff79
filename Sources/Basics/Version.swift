// SPDX-License-Identifier: GPL-3.0-or-later

/// The version of every genred program; they are released together.
package let genredVersion = "0.1.0"
