-- Gives the data another id where they still have this one. KEYS: id. ARGV: the id expected, the new one. Answers 1 where it did.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
