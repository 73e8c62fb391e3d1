<?php

namespace Shop;

use Foo\Bar;

const RATE = 2;

/**
 * A cart.
 */
#[Entity]
class Cart extends Base
{
    use Priced;

    private array $items = [];

    public function __construct(private int $count)
    {
        $this->count = $count;
    }

    /** The sum. */
    #[Pure]
    public static function total(array $items): int
    {
        $add = function ($a, $b) {
            return $a + $b;
        };
        if ($items) {
            return array_reduce($items, $add);
        } elseif (RATE) {
            return 1;
        } else {
            throw new Error();
        }
    }
}

interface Payable
{
    public function pay(): void;
}

trait Priced
{
    public function price() { return 1; }
}

enum Suit
{
    case Hearts;

    public function label(): string
    {
        return 'x';
    }
}

function helper($x)
{
    foreach ($x as $y) {
        echo $y;
    }
}

$square = fn($x) => $x * $x;

$run = function () {
    helper([]);
};

run();
