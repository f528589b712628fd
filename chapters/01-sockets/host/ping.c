#include "01-sockets/host/ping.h"
#include <stdio.h>
#include <string.h>

struct attempt {
    struct ping *ping;
    struct timer timer; /* Its patience. */
    nsec sent;
    struct ping_result result;
};

struct ping {
    struct env *env;
    struct ping_settings settings;
    struct timer timer; /* The next ping. */
    unsigned sent, decided;
    struct attempt *attempts;
};

static void say(struct ping *ping, node_id to, const char *word,
                unsigned number)
{
    char text[32];
    int size = snprintf(text, sizeof text, "%s %u", word, number);
    g_autoptr(GBytes) message = g_bytes_new(text, (size_t)size);
    env_send(ping->env, to, message);
}

static void decide(struct attempt *attempt, struct ping_result result)
{
    struct ping *ping = attempt->ping;
    result.decided = true;
    attempt->result = result;
    ping->decided++;
    if (ping->settings.report)
        ping->settings.report(ping->settings.self,
                              (unsigned)(attempt - ping->attempts));
}

static void on_patience_over(void *self)
{
    decide(self, (struct ping_result){.lost = true});
}

static void send_next(void *self)
{
    struct ping *ping = self;
    struct attempt *attempt = &ping->attempts[ping->sent];
    attempt->sent = env_now(ping->env);
    say(ping, ping->settings.to, "ping", ping->sent);
    env_arm(ping->env, &attempt->timer, ping->settings.patience);
    if (++ping->sent < ping->settings.count)
        env_arm(ping->env, &ping->timer, ping->settings.interval);
}

static void on_pong(struct ping *ping, unsigned number)
{
    if (number >= ping->sent || ping->attempts[number].result.decided)
        return; /* Never asked, too late, or once more. */
    struct attempt *attempt = &ping->attempts[number];
    env_disarm(ping->env, &attempt->timer);
    nsec rtt = env_now(ping->env) - attempt->sent;
    bool late = rtt > ping->settings.patience; /* The timer was about to. */
    decide(attempt, (struct ping_result){.lost = late, .rtt = rtt});
}

/* "ping 7" or "pong 7", and nothing else. */
static void on_message(void *self, node_id from, GBytes *message)
{
    struct ping *ping = self;
    char text[32] = "", again[32];
    size_t size = g_bytes_get_size(message);
    unsigned number = 0;
    if (size < 6 || size >= sizeof text)
        return;
    memcpy(text, g_bytes_get_data(message, NULL), size);
    if (sscanf(text + 4, " %u", &number) != 1)
        return;
    int length = snprintf(again, sizeof again, "%.4s %u", text, number);
    if ((size_t)length != size || strcmp(text, again) != 0)
        return;
    if (g_str_has_prefix(text, "ping "))
        say(ping, from, "pong", number);
    else if (g_str_has_prefix(text, "pong ") && from == ping->settings.to)
        on_pong(ping, number);
}

struct ping *ping_new(struct env *env, struct ping_settings settings)
{
    struct ping *ping = g_new0(struct ping, 1);
    ping->env = env;
    ping->settings = settings;
    ping->timer = (struct timer){.fire = send_next, .self = ping};
    ping->attempts = g_new0(struct attempt, settings.count);
    for (unsigned i = 0; i < settings.count; i++) {
        struct attempt *attempt = &ping->attempts[i];
        attempt->ping = ping;
        attempt->timer =
            (struct timer){.fire = on_patience_over, .self = attempt};
    }
    env_bind(env, on_message, ping);
    if (settings.to != 0 && settings.count > 0)
        send_next(ping);
    return ping;
}

struct ping_result ping_result(const struct ping *ping, unsigned number)
{
    g_assert(number < ping->settings.count);
    return ping->attempts[number].result;
}

bool ping_is_over(const struct ping *ping)
{
    return ping->decided == ping->settings.count;
}

void ping_free(struct ping *ping)
{
    env_disarm(ping->env, &ping->timer);
    for (unsigned i = 0; i < ping->sent; i++)
        env_disarm(ping->env, &ping->attempts[i].timer);
    g_free(ping->attempts);
    g_free(ping);
}
