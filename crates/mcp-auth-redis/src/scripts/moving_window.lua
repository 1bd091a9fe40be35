-- Counts a request in all of its moving windows or, where one is full, in none.
-- KEYS: a log for each limit. ARGV: now in microseconds, or nothing for the engine's clock; then for each limit how many requests,
-- how long its window is, and to how many milliseconds moments are rounded up. Answers for each limit how many requests remain, or
-- how many milliseconds to wait as a negative number.
-- A log is pairs, soonest first: when requests stop counting in milliseconds, and how many.
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
now = math.floor(now / 1000)

-- The entries that still count, and how many requests they are.
local function read(key)
  local entries, count = {}, 0
  for ends_at, requests in (redis.call('GET', key) or ''):gmatch('(%d+) (%d+)') do
    local entry = {tonumber(ends_at), tonumber(requests)}
    if entry[1] > now then
      entries[#entries + 1] = entry
      count = count + entry[2]
    end
  end
  return entries, count
end

-- Where the clock was set back, the new one counts as long as the one before, so that the order holds.
local function add(entries, ends_at)
  local last = entries[#entries]
  if last and last[1] >= ends_at then
    last[2] = last[2] + 1
  else
    entries[#entries + 1] = {ends_at, 1}
  end
end

local function write(key, entries)
  local pairs_of = {}
  for at, entry in ipairs(entries) do
    pairs_of[at] = string.format('%d %d', entry[1], entry[2])
  end
  local left = entries[#entries][1] - now
  redis.call('SET', key, table.concat(pairs_of, ' '), 'PX', string.format('%d', left))
end

local answer, counted, is_full = {}, {}, false
for at, key in ipairs(KEYS) do
  local amount, length, grain = tonumber(ARGV[3 * at - 1]), tonumber(ARGV[3 * at]), tonumber(ARGV[3 * at + 1])
  local entries, count = read(key)
  if count >= amount then
    is_full = true
    -- There are never more than the amount, so one that leaves makes room. A clock that was set back must not keep anybody out
    -- for longer than the window.
    answer[at] = -math.min(entries[1][1] - now, length + grain - 1)
  else
    answer[at] = amount - count - 1
    add(entries, math.ceil((now + length) / grain) * grain)
    counted[#counted + 1] = {key, entries}
  end
end
if is_full then return answer end
for _, log in ipairs(counted) do
  write(log[1], log[2])
end
return answer
