package shop

import scala.math.max

/** A cart. */
@deprecated
class Cart(items: List[Int]) extends Priced {
  private var count = 0

  /** The sum. */
  @inline
  def total: Int = {
    def inner(x: Int): Int = {
      x
    }
    items.map { item =>
      inner(item)
    }.sum
  }

  val double = (x: Int) => {
    x * 2
  }

  def kind(n: Int): String = n match {
    case 0 =>
      "none"
    case _ => "some"
  }

  def pay(): Unit = {
    if (count > 0) {
      send()
    } else {
      wait()
    }
    try {
      send()
    } catch {
      case e: Exception => throw e
    } finally {
      close()
    }
  }
}

object Cart {
  def apply(items: Int*): Cart = new Cart(items.toList)
}

trait Priced {
  def price: Int
}

case class Point(x: Int, y: Int)

package object tools {
  def helper(): Int = {
    1
  }
}
