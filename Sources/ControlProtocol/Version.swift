/// Of the programs; they are released together.
public let genredVersion = "0.1.0"
