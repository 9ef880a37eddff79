/// Foreign text in double quotes for a one-line message: without control characters, and not endless.
func quoted(_ text: some StringProtocol) -> String {
    let limit = 200
    var line = ""
    for character in text.unicodeScalars.prefix(limit) {
        let isControl = character.properties.generalCategory == .control || character.value == 0x2028
        line.unicodeScalars.append(isControl ? "\u{FFFD}" : character)
    }
    return "\"\(line)\(text.unicodeScalars.count > limit ? "…" : "")\""
}
