# frozen_string_literal: true

require 'set'

# Selling.
module Shop
  RATE = 0.2

  # A cart.
  class Cart < Base
    attr_reader :items

    def initialize(items)
      @items = items
    end

    # The sum.
    def total
      items.sum do |item|
        item.price * RATE
      end
    end

    def self.build(*items)
      new(items)
    end

    class << self
      def empty?
        true
      end
    end

    def pay!
      if items.any?
        send_it
      elsif RATE > 1
        wait
      else
        stop
      end
    rescue StandardError => e
      raise e
    ensure
      close
    end

    SQUARE = lambda do |x|
      x * x
    end

    private def secret = 1
  end
end

def Shop.helper
  1
end

twice = ->(x) {
  x * 2
}

describe Shop do
  it 'works' do
    expect(1).to eq 1
  end
end
