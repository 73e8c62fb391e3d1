using System;

namespace Shop.Core
{
    /// <summary>A cart.</summary>
    [Serializable]
    public class Cart : IPriced
    {
        private readonly List<int> items = new();
        public int Count { get; set; }

        public Cart(int count)
        {
            Count = count;
        }

        /// <summary>The sum.</summary>
        [Obsolete]
        public int Total
        {
            get
            {
                return items.Sum(item =>
                {
                    return item;
                });
            }
        }

        public bool Empty => items.Count == 0;

        public async Task<int> Pay(int amount)
        {
            int Local(int x)
            {
                return x;
            }
            if (amount > 0)
            {
                await Send();
            }
            else
            {
                return Local(1);
            }
            try
            {
                Send();
            }
            catch (Exception e)
            {
                throw;
            }
            finally
            {
                Done();
            }
            return 0;
        }

        public int this[int index]
        {
            get { return items[index]; }
        }

        public static Cart operator +(Cart a, Cart b)
        {
            return a;
        }

        ~Cart()
        {
            Free();
        }
    }

    public interface IPriced
    {
        int Price();
    }

    public record Point(int X, int Y);

    public struct Size
    {
        public int W;
    }

    public enum Color
    {
        Red,
        Green,
    }
}
