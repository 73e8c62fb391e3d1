package shop

import kotlin.math.max

const val RATE = 0.2

/** A cart. */
@Serializable
data class Cart(val items: List<Int>) : Priced {
    private var count = 0

    val size: Int
        get() {
            return items.size
        }

    init {
        count = 1
    }

    constructor() : this(emptyList()) {
        count = 2
    }

    /** The sum. */
    @Deprecated("x")
    override fun total(): Int {
        fun inner(x: Int): Int {
            return x
        }
        return items.sumOf {
            inner(it)
        }
    }

    fun kind() = when (count) {
        0 -> "none"
        else -> "some"
    }

    companion object {
        fun of(vararg items: Int): Cart {
            return Cart(items.toList())
        }
    }
}

fun String.shout(): String {
    return if (isEmpty()) {
        ""
    } else {
        uppercase()
    }
}

fun <T> List<T>.second(): T = this[1]

object Registry {
    fun put() {
        try {
            lock()
        } catch (e: Exception) {
            throw e
        } finally {
            unlock()
        }
    }
}

interface Priced {
    fun total(): Int
}

val square = { x: Int ->
    x * x
}

enum class Color {
    RED,
    GREEN;

    fun shade() = 1
}
