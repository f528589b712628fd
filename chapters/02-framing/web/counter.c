#include "02-framing/web/counter.h"
#include <stdio.h>

/* So that a connection that died is noticed, and none in between closes one
 * that says nothing. */
#define HEARTBEAT (15 * SEC)

struct counter {
    struct loop *loop;
    struct timer heartbeat;
    uint64_t number;
    GQueue watchers; /* struct watcher. */
};

struct watcher {
    struct counter *counter;
    struct web_exchange *exchange;
    bool behind; /* There was no room for the newest number. */
    GList link;
};

static const char page[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<title>A counter</title>\n"
    "<style>\n"
    ":root { color-scheme: light dark; --ink: #222; --paper: #fbfaf7;\n"
    "  --soft: #77726a; --accent: #0072b2; }\n"
    "@media (prefers-color-scheme: dark) {\n"
    "  :root { --ink: #eee; --paper: #16181b; --soft: #9a958d;\n"
    "    --accent: #56b4e9; } }\n"
    "body { margin: 0; min-height: 100vh; display: grid; place-items: center;\n"
    "  background: var(--paper); color: var(--ink);\n"
    "  font: 18px/1.5 Georgia, 'DejaVu Serif', serif; text-align: center; }\n"
    "#number { font-size: 9rem; line-height: 1.1; color: var(--accent);\n"
    "  font-variant-numeric: tabular-nums; }\n"
    "p { margin: 0.4rem auto; max-width: 30rem; color: var(--soft); }\n"
    "button { margin: 1.6rem 0; padding: 0.6rem 2.2rem; font: inherit;\n"
    "  color: var(--paper); background: var(--accent); border: 0;\n"
    "  border-radius: 2rem; cursor: pointer; }\n"
    "button:active { transform: translateY(1px); }\n"
    "</style></head><body><main>\n"
    "<p>Pressed, by all who look at this page</p>\n"
    "<div id=\"number\">&hellip;</div>\n"
    "<button type=\"button\">One more</button>\n"
    "<p>Open it twice, and press.</p>\n"
    "<p id=\"state\">Connecting.</p>\n"
    "</main><script>\n"
    "const number = document.getElementById('number');\n"
    "const state = document.getElementById('state');\n"
    "const events = new EventSource('/count');\n"
    "events.onmessage = event => { number.textContent = event.data;\n"
    "  state.textContent = 'One connection, one answer, which does not end.'; "
    "};\n"
    "events.onerror = () => { state.textContent = 'Gone; trying again.'; };\n"
    "document.querySelector('button').onclick =\n"
    "  () => fetch('/count', { method: 'POST' });\n"
    "</script></body></html>\n";

/* ---- Those who watch. ---- */

/* The newest number, if there is room for it. */
static void tell(struct watcher *watcher)
{
    char text[64];
    int size = snprintf(text, sizeof text, "data: %" G_GUINT64_FORMAT "\n\n",
                        watcher->counter->number);
    watcher->behind = web_write(watcher->exchange, text, (size_t)size) == 0;
}

static void tell_all(struct counter *counter)
{
    for (GList *link = counter->watchers.head; link; link = link->next)
        tell(link->data);
}

static void on_room(void *self, struct web_exchange *exchange)
{
    struct watcher *watcher = self;
    (void)exchange;
    if (watcher->behind)
        tell(watcher);
}

static void on_over(void *self, struct web_exchange *exchange)
{
    struct watcher *watcher = self;
    (void)exchange;
    g_queue_unlink(&watcher->counter->watchers, &watcher->link);
    g_free(watcher);
}

static void on_heartbeat(void *self)
{
    struct counter *counter = self;
    for (GList *link = counter->watchers.head; link; link = link->next)
        web_write(((struct watcher *)link->data)->exchange, ":\n\n", 3);
    loop_arm(counter->loop, &counter->heartbeat, HEARTBEAT);
}

static void watch(struct counter *counter, struct web_exchange *exchange)
{
    struct watcher *watcher = g_new0(struct watcher, 1);
    watcher->counter = counter;
    watcher->exchange = exchange;
    watcher->link.data = watcher;
    g_queue_push_tail_link(&counter->watchers, &watcher->link);
    web_own(exchange, (struct web_owner){.on_room = on_room,
                                         .on_over = on_over,
                                         .self = watcher});
    web_begin(exchange,
              (struct http_answer){.status = 200,
                                   .type = "text/event-stream",
                                   .length = HTTP_CHUNKED,
                                   .lines = "Cache-Control: no-cache\r\n"});
    tell(watcher);
}

/* ---- Answers. ---- */

static void count(struct counter *counter, struct web_exchange *exchange)
{
    char text[32];
    counter->number++;
    tell_all(counter);
    int size =
        snprintf(text, sizeof text, "%" G_GUINT64_FORMAT "\n", counter->number);
    web_answer(exchange, 200, "text/plain", text, (size_t)size);
}

bool counter_answer(struct counter *counter, struct web_exchange *exchange,
                    const struct http_request *request)
{
    bool get =
        http_is(request->method, "GET") || http_is(request->method, "HEAD");
    bool post = http_is(request->method, "POST");
    if (http_is(request->target, "/counter") && get)
        web_answer(exchange, 200, "text/html; charset=utf-8", page,
                   sizeof page - 1);
    else if (http_is(request->target, "/count") && get)
        watch(counter, exchange);
    else if (http_is(request->target, "/count") && post)
        count(counter, exchange);
    else
        return false;
    return true;
}

/* ---- Life. ---- */

struct counter *counter_new(struct loop *loop)
{
    struct counter *counter = g_new0(struct counter, 1);
    counter->loop = loop;
    counter->heartbeat = (struct timer){.fire = on_heartbeat, .self = counter};
    loop_arm(loop, &counter->heartbeat, HEARTBEAT);
    return counter;
}

unsigned counter_watchers(const struct counter *counter)
{
    return counter->watchers.length;
}

void counter_free(struct counter *counter)
{
    loop_disarm(counter->loop, &counter->heartbeat);
    g_free(counter);
}
