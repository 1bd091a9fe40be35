-- Counts an attempt to sign in, gives it a turn, or tells it to wait.
-- KEYS: that the address has signed in to the account before, attempts at the account from there, the turn of its network,
-- the account's counter and, where there is one, the address's. ARGV: now, how long a line may be, and for the account and the
-- address how many attempts are free, how long after the last delay attempts are forgotten, how many delays follow, and those:
-- after the first attempt that is not free, after the second, and so on; the last one stands for all further ones. All times
-- are milliseconds. Answers how long to wait, or nil.
-- A counter is attempts, when the next is due, and when it is forgotten.
local now, longest_line = tonumber(ARGV[1]), tonumber(ARGV[2])
local known, here, turn, account, address = unpack(KEYS)

local function held_by(key)
  local held = redis.call('GET', key)
  if not held then return 0, 0, false end
  local attempts, next_at, forget_at = held:match('^(%d+) (%d+) (%d+)$')
  if tonumber(forget_at) <= now then return 0, 0, false end
  return tonumber(attempts), tonumber(next_at), true
end

local function put(key, attempts, next_at, forget_after)
  local forget_at = next_at + forget_after
  if forget_at > now then
    local counter = string.format('%d %d %d', attempts, next_at, forget_at)
    redis.call('SET', key, counter, 'PX', string.format('%d', forget_at - now))
  else
    redis.call('DEL', key)
  end
end

-- The policy that is told from an argument on, and where the next one is told.
local function policy_at(at)
  local free, forget_after, delays = unpack(ARGV, at, at + 2)
  local function delay_after(attempts)
    local beyond = math.min(attempts - free, tonumber(delays))
    return beyond > 0 and tonumber(ARGV[at + 2 + beyond]) or 0
  end
  return {delay_after = delay_after, forget_after = tonumber(forget_after)}, at + 3 + delays
end

-- What is due later than `longest` says was put off before the clock was set back: nobody is locked out until it has caught up.
local function left(next_at, longest)
  local wait = next_at - now
  return wait > 0 and wait <= longest and wait or 0
end

-- Counts an attempt whose turn is at a moment.
local function count(key, policy, attempts, at)
  attempts = math.min(attempts + 1, 4294967295)
  put(key, attempts, at + policy.delay_after(attempts), policy.forget_after)
end

-- How long a key waits for nobody but itself.
local function delay_left(key, policy)
  local attempts, next_at = held_by(key)
  return left(next_at, policy.delay_after(attempts)), attempts
end

local of_account, next_policy = policy_at(3)

local _, _, is_known = held_by(known)
if is_known then
  local wait, attempts = delay_left(here, of_account)
  if wait > 0 then return wait end
  count(here, of_account, attempts, now)
  return false
end

local attempts, next_at = held_by(account)
local delay = of_account.delay_after(attempts)
local line = left(next_at, math.min(delay * attempts, longest_line + delay))

local _, turn_at, has_turn = held_by(turn)
if has_turn and turn_at <= now then
  redis.call('DEL', turn)
  return false
end
-- A turn in a line that is gone is none.
if has_turn and turn_at - now <= line then return turn_at - now end

local wait, of_address, attempts_from = 0, nil, nil
if address then
  of_address = policy_at(next_policy)
  wait, attempts_from = delay_left(address, of_address)
end
if line > longest_line then return math.max(wait, line - longest_line) end
if wait > 0 then return math.max(wait, line) end

if address then count(address, of_address, attempts_from, now) end
count(account, of_account, attempts, now + line)
if line > 0 then
  put(turn, 0, now + line, of_account.forget_after)
  return line
end
redis.call('DEL', turn)
return false
