// Package shop sells.
package shop

import (
	"errors"
	"fmt"
)

var rate = 0.2

// Cart holds items.
type Cart struct {
	Items []int
	pay   func() error
}

type (
	// Pricer prices.
	Pricer interface {
		Price(id int) int
	}
	id int
)

// Total adds up.
//
// With tax.
func (c *Cart) Total() int {
	sum := 0
	for _, item := range c.Items {
		if item > 0 {
			sum += item
		} else if item < 0 {
			sum -= item
		} else {
			continue
		}
	}
	visit := func(x int) {
		fmt.Println(x)
	}
	visit(sum)
	return sum
}

func (l List[T]) Len() int { return len(l) }

func New(items ...int) *Cart {
	switch len(items) {
	case 0:
		return nil
	default:
		return &Cart{
			Items: items,
		}
	}
}

var handler = func() error {
	return errors.New("no")
}

func init() {
	defer func() {
		recover()
	}()
}
