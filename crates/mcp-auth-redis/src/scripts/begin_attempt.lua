-- Counts an attempt to sign in for all of its keys or, where one must wait, for none.
-- KEYS: one to two counters. ARGV: now, and for each key how many attempts are free, how long after the last
-- delay attempts are forgotten, how many delays follow, and those: after the first attempt that is not free, after the
-- second, and so on; the last one stands for all further ones. All times are milliseconds. Answers how long to wait, or nil.
-- A counter is attempts, when the next is due, and when it is forgotten.
local now, at = tonumber(ARGV[1]), 2
local wait, counted = nil, {}

local function held_by(key)
  local held = redis.call('GET', key)
  if not held then return 0, 0 end
  local attempts, next_at, forget_at = held:match('^(%d+) (%d+) (%d+)$')
  if tonumber(forget_at) <= now then return 0, 0 end
  return tonumber(attempts), tonumber(next_at)
end

for _, key in ipairs(KEYS) do
  local free, forget_after, delays = unpack(ARGV, at, at + 2)
  local first_delay = at + 2
  local function delay_after(attempts)
    local beyond = math.min(attempts - free, tonumber(delays))
    return beyond > 0 and tonumber(ARGV[first_delay + beyond]) or 0
  end
  local attempts, next_at = held_by(key)
  -- What is due later than after the last attempt was put off before the clock was set back: nobody is locked out until it has
  -- caught up.
  if next_at > now and next_at - now <= delay_after(attempts) then
    wait = math.max(wait or 0, next_at - now)
  else
    attempts = math.min(attempts + 1, 4294967295)
    local due = now + delay_after(attempts)
    counted[#counted + 1] = {key, attempts, due, due + forget_after}
  end
  at = at + 3 + delays
end
if wait then return wait end
for _, one in ipairs(counted) do
  local key, attempts, due, forget_at = unpack(one)
  if forget_at > now then
    local counter = string.format('%d %d %d', attempts, due, forget_at)
    redis.call('SET', key, counter, 'PX', string.format('%d', forget_at - now))
  else
    redis.call('DEL', key)
  end
end
return false
