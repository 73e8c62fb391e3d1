import Foundation

let rate = 0.2

/// A cart.
@objc
public class Cart: Base {
    var items: [Int] = []

    var size: Int {
        return items.count
    }

    var watched = 0 {
        didSet {
            update()
        }
    }

    init(items: [Int]) {
        self.items = items
    }

    deinit {
        free()
    }

    /// The sum.
    @discardableResult
    func total() -> Int {
        func inner(_ x: Int) -> Int {
            return x
        }
        guard !items.isEmpty else {
            return 0
        }
        let result = items.map { item in
            inner(item)
        }
        if result.isEmpty {
            return 1
        } else {
            return 2
        }
    }

    subscript(index: Int) -> Int {
        return items[index]
    }

    static func == (a: Cart, b: Cart) -> Bool {
        return true
    }
}

struct Point {
    let x: Int
}

extension Point {
    func moved() -> Point {
        switch x {
        case 0:
            return self
        default:
            return self
        }
    }
}

protocol Priced {
    func price() -> Int
}

enum Color {
    case red
    case green

    func shade() -> Int { 1 }
}

let square = { (x: Int) in
    x * x
}

func main() {
    print("x")
}
