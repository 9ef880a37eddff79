// SPDX-License-Identifier: GPL-3.0-or-later

/// A plot as SVG: its axes, and the mapping from values to positions.
struct ReportPlot {
    let x: ClosedRange<Double>
    let y: ClosedRange<Double>
    let width = 380.0
    let height = 240.0
    let left = 42.0
    let right = 18.0
    let bottom = 30.0

    func place(_ point: (Double, Double)) -> (Double, Double) {
        let across = (point.0 - x.lowerBound) / (x.upperBound - x.lowerBound)
        let up = (point.1 - y.lowerBound) / (y.upperBound - y.lowerBound)
        return (left + across * (width - left - right), (height - bottom) - up * (height - bottom - 8))
    }

    func svg(_ body: String) -> String {
        "<svg viewBox=\"0 0 \(Int(width)) \(Int(height))\" width=\"\(Int(width))\" role=\"img\">\(body)</svg>"
    }

    func axes(xTitle: String) -> String {
        var result = ""
        for step in 0...4 {
            let (fx, fy) = (Double(step) / 4, Double(step) / 4)
            let xValue = x.lowerBound + fx * (x.upperBound - x.lowerBound)
            let yValue = y.lowerBound + fy * (y.upperBound - y.lowerBound)
            let (px, _) = place((xValue, y.lowerBound))
            let (_, py) = place((x.lowerBound, yValue))
            let xLabel = x.upperBound <= 1 ? number(xValue, 2) : number(xValue, 0)
            result +=
                "<line x1=\"\(number(left, 1))\" x2=\"\(number(width - right, 1))\" y1=\"\(number(py, 1))\" "
                + "y2=\"\(number(py, 1))\" stroke=\"var(--line)\"/>"
                + "<text x=\"\(number(left - 5, 1))\" y=\"\(number(py + 4, 1))\" text-anchor=\"end\">\(number(yValue, 2))</text>"
                + "<text x=\"\(number(px, 1))\" y=\"\(number(height - 16, 1))\" text-anchor=\"middle\">\(xLabel)</text>"
        }
        return result
            + "<text x=\"\(number((left + width) / 2, 1))\" y=\"\(number(height - 3, 1))\" text-anchor=\"middle\">\(xTitle)</text>"
    }

    func line(_ points: [(Double, Double)], colour: String, dashed: Bool = false) -> String {
        let path = points.map(place).map { "\(number($0.0, 1)),\(number($0.1, 1))" }.joined(separator: " ")
        return "<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"1.5\""
            + (dashed ? " stroke-dasharray=\"4 4\"" : "") + "/>"
    }

    func dot(_ point: (Double, Double), colour: String, radius: Double) -> String {
        let (px, py) = place(point)
        return
            "<circle cx=\"\(number(px, 1))\" cy=\"\(number(py, 1))\" r=\"\(number(radius, 1))\" fill=\"\(colour)\"/>"
    }

    private func number(_ value: Double, _ digits: Int) -> String { ReportPage.number(value, digits) }
}
