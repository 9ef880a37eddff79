/// Of the program.
let genredVersion = "0.1.0"
