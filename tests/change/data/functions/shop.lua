local M = {}

local rate = 0.2

-- Adds up.
function M.total(items)
  local sum = 0
  for _, item in ipairs(items) do
    if item > 0 then
      sum = sum + item
    elseif item < 0 then
      sum = sum - item
    else
      sum = 0
    end
  end
  local helper = function(x)
    return x
  end
  return helper(sum)
end

function M:pay()
  return self.sum
end

local function hidden()
  repeat
    step()
  until done
end

M.square = function(x)
  return x * x
end

local handlers = {
  click = function(event)
    run(event)
  end,
  ["key-down"] = function() return 1 end,
  size = 3,
}

local cube = function(x)
  return x * x * x
end

return M
