/*
 * The demo, as a reader runs it: live where this machine allows it, with the
 * recording, and with a network of its own forbidden. What it says is compared
 * with the bytes that it shows.
 */
#include "01-sockets/checksum.h"
#include "common/judge/test.h"
#include "common/world/stage.h"
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE (60 * SEC)

/* ---- Running it. ---- */

/* All that @p actor writes, until it ends with @p status. Returns new. */
static char *read_all_of(struct actor *actor, int status)
{
    GString *text = g_string_new(NULL);
    for (char *line; (line = actor_await(actor, "", PATIENCE)); g_free(line))
        g_string_append_printf(text, "%s\n", line);
    assert_int_equal(actor_wait(actor, PATIENCE), status);
    return g_string_free(text, FALSE);
}

/* What it says with these options, NULL for none. Returns new. */
static char *run(const char *option, const char *other)
{
    struct stage *stage = stage_new();
    struct actor *actor =
        stage_start(stage, "demo_layers", option ? option : "--packet=0",
                    other ? other : "--packet=0", NULL);
    char *text = read_all_of(actor, 0);
    g_autofree char *errors = actor_errors(actor);
    assert_string_equal(errors, "");
    stage_free(stage);
    return text;
}

/* Does a child of ours do this? */
static bool would(bool (*deed)(void))
{
    int status = 1;
    pid_t child = fork();
    if (child == 0)
        _exit(deed() ? 0 : 1);
    waitpid(child, &status, 0);
    return status == 0;
}

static void skip_unless(bool (*deed)(void), const char *why)
{
    if (would(deed))
        return;
    puts(why);
    skip();
}

/* What the demo does, with nothing of the demo's. */
static bool leave(void)
{
    return (unshare(CLONE_NEWNET) == 0 ||
            unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0) &&
           socket(AF_PACKET, SOCK_RAW, htons(ETH_P_IP)) >= 0 &&
           socket(AF_INET, SOCK_RAW, IPPROTO_RAW) >= 0;
}

/* ---- What it says, and whether it is true. ---- */

static void assert_says(const char *text, const char *phrase)
{
    if (!strstr(text, phrase))
        fail_msg("it does not say \"%s\":\n%s", phrase, text);
}

static void assert_fits(const char *text, unsigned most)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    assert_true(g_strv_length(lines) <= most + 1);
    for (int i = 0; lines[i]; i++)
        assert_true(g_utf8_strlen(lines[i], -1) <= 80);
}

/* The bytes of the rows of @p text that begin with one of @p layers, up to the
 * next empty line. Returns new. */
static GByteArray *bytes_of(const char *text, const char *layers)
{
    GByteArray *bytes = g_byte_array_new();
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    for (int i = 0; lines[i] && *lines[i]; i++) {
        if (!strchr(layers, lines[i][0]) || lines[i][1] != '|')
            continue;
        const char *at = lines[i] + 3, *end = at + (*lines[i] == '7' ? 39 : 14);
        for (; at < end && g_ascii_isxdigit(at[0]); at += 2) {
            uint8_t byte = (uint8_t)(16 * g_ascii_xdigit_value(at[0]) +
                                     g_ascii_xdigit_value(at[1]));
            g_byte_array_append(bytes, &byte, 1);
            at += at[2] == ' ';
        }
    }
    return bytes;
}

static uint16_t sum_of(const GByteArray *bytes)
{
    struct checksum sum = {0};
    checksum_add(&sum, bytes->data, bytes->len);
    return checksum_sum(&sum);
}

static uint16_t sum_with_addresses(const GByteArray *ip,
                                   const GByteArray *transport, size_t size)
{
    struct checksum sum = {0};
    checksum_add_pseudo(&sum, ip->data + 12, ip->data[9],
                        (uint16_t)transport->len);
    checksum_add(&sum, transport->data, size);
    return checksum_sum(&sum);
}

/* From where this packet is laid open on. */
static const char *find(const char *text, const char *phrase)
{
    const char *at = strstr(text, phrase);
    assert_non_null(at);
    return at;
}

/* Is it true what it says of the packet of the message? */
static void check_message(const char *text)
{
    const char *page = find(text, "[Ethernet");
    g_autoptr(GByteArray) whole = bytes_of(page, "2347");
    g_autoptr(GByteArray) ip = bytes_of(page, "3");
    g_autoptr(GByteArray) tcp = bytes_of(page, "47");
    g_autoptr(GByteArray) data = bytes_of(page, "7");
    g_autofree char *size = g_strdup_printf(" = %u bytes\n", whole->len);
    assert_says(page, size);
    assert_says(page, "|One message.|");
    assert_int_equal(data->len, 12);
    assert_memory_equal(data->data, "One message.", 12);
    assert_int_equal(sum_of(ip), 0xffff);
    uint16_t pseudo = sum_with_addresses(ip, tcp, 0);
    uint16_t found = (uint16_t)(tcp->data[16] << 8 | tcp->data[17]);
    if (sum_with_addresses(ip, tcp, tcp->len) == 0xffff)
        return;
    assert_int_equal(found, pseudo);
    assert_says(page, "pseudo-header only, so far");
    const char *proper = find(page, "the field would be 0x") + 21;
    unsigned field = (unsigned)strtoul(proper, NULL, 16);
    tcp->data[16] = (uint8_t)(field >> 8);
    tcp->data[17] = (uint8_t)field;
    assert_int_equal(sum_with_addresses(ip, tcp, tcp->len), 0xffff);
}

struct totals {
    unsigned packets, bytes, data;
};

/* Behind its number and its arrow, a line has four more numbers. */
static void add_line(struct totals *totals, const char *line)
{
    unsigned number, data, whole;
    assert_int_equal(sscanf(line, "%u", &number), 1);
    assert_int_equal(sscanf(line + 21, "%*u %*u %u %u", &data, &whole), 2);
    assert_int_equal(number, ++totals->packets);
    totals->bytes += whole;
    totals->data += data;
}

/* An answer to a FIN may travel with the other, or alone. */
static void check_list(const char *text)
{
    static const char *const steps[] = {
        "--SYN----", "<-SYN ACK-", "--ACK----",  "--PSH ACK-",
        "<-ACK---",  "--FIN ACK-", "<-FIN ACK-", "--ACK----"};
    const char *at = find(text, "it says\n");
    g_auto(GStrv) lines = g_strsplit(at, "\n", 0);
    struct totals sum = {0}, told;
    for (unsigned i = 0; i < G_N_ELEMENTS(steps); i++)
        at = find(at, steps[i]) + 1;
    for (int i = 1; *lines[i]; i++)
        add_line(&sum, lines[i]);
    assert_int_equal(sscanf(find(at, "\n\n") + 2,
                            "%u packets, %u bytes, to carry %u.", &told.packets,
                            &told.bytes, &told.data),
                     3);
    assert_int_equal(told.packets, sum.packets);
    assert_int_equal(told.bytes, sum.bytes);
    assert_int_equal(told.data, sum.data);
    assert_int_equal(told.data, 12);
}

/* Of two datagrams, exactly one was accepted; the other was counted. */
static void check_datagram(const char *text)
{
    const char *page = find(text, "\n[IPv4") + 1;
    g_autoptr(GByteArray) ip = bytes_of(page, "3");
    g_autoptr(GByteArray) udp = bytes_of(page, "47");
    int before, after;
    assert_int_equal(sum_of(ip), 0xffff);
    assert_int_equal(sum_with_addresses(ip, udp, udp->len), 0xffff);
    assert_says(page, "  sent      \"Lade by hand.\"   one bit flipped");
    assert_says(page, "  sent      \"Made by hand.\"   as above\n"
                      "  received  \"Made by hand.\"   by an ordinary socket, "
                      "from 127.0.0.1:4000\n");
    assert_says(page, "That is 1 of 2. ");
    assert_int_equal(sscanf(find(page, "InCsumErrors for UDP: "),
                            "InCsumErrors for UDP: %d before, %d after.",
                            &before, &after),
                     2);
    assert_int_equal(after, before + 1);
}

static void check(const char *text)
{
    assert_fits(text, 80);
    check_list(text);
    check_message(text);
    check_datagram(text);
}

/* ---- The tests. ---- */

static void live_it_says_what_is_true(void **state)
{
    (void)state;
    skip_unless(leave, "This machine allows no network of one's own.");
    g_autofree char *text = run(NULL, NULL);
    assert_true(g_str_has_prefix(text, "A. A client"));
    check(text);
}

static void live_numbers_are_new_each_time(void **state)
{
    (void)state;
    skip_unless(leave, "This machine allows no network of one's own.");
    g_autofree char *one = run("--part=a", NULL);
    g_autofree char *other = run("--part=a", NULL);
    assert_string_not_equal(one, other);
}

static void recorded_it_says_what_is_true(void **state)
{
    g_autofree char *text = run("--recorded", NULL);
    g_autofree char *again = run("--recorded", NULL);
    (void)state;
    assert_true(g_str_has_prefix(text, "Not live, but recorded on Linux "));
    assert_says(text, ", as --recorded asks.\n");
    check(text);
    assert_string_equal(text, again);
}

static void each_part_stands_alone(void **state)
{
    g_autofree char *a = run("--recorded", "--part=a");
    g_autofree char *b = run("--recorded", "--part=b");
    (void)state;
    check_list(a);
    check_message(a);
    assert_null(strstr(a, "UDP"));
    check_datagram(b);
    assert_null(strstr(b, "TCP"));
}

static void any_packet_can_be_laid_open(void **state)
{
    g_autofree char *text = run("--recorded", "--packet=1");
    (void)state;
    assert_says(text, " Number 1, by the layers");
    assert_says(text, "[Ethernet 14 [IPv4 20 [TCP 40]]] = 74 bytes\n");
    assert_says(text, "4| 0402           SACK permitted ");
}

static void without_a_terminal_there_are_no_colours(void **state)
{
    g_autofree char *text = run("--recorded", NULL);
    (void)state;
    assert_null(strchr(text, '\033'));
}

static void a_recording_can_be_made(void **state)
{
    (void)state;
    skip_unless(leave, "This machine allows no network of one's own.");
    g_autofree char *source = run("--record", NULL);
    assert_says(source, "const struct recording recording_kept = {\n");
    assert_says(source, "static const uint8_t packet_4[] = {\n");
    assert_says(source, "    .system = \"Linux ");
    assert_says(source, "    .arrived = 1,\n");
    assert_fits(source, 200);
}

/* ---- Refusals. ---- */

static void assert_refused(const char *option, const char *sentence)
{
    struct stage *stage = stage_new();
    struct actor *actor =
        stage_start(stage, "demo_layers", "--recorded", option, NULL);
    g_autofree char *text = read_all_of(actor, 2);
    g_autofree char *errors = actor_errors(actor);
    assert_string_equal(text, "");
    assert_string_equal(errors, sentence);
    stage_free(stage);
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    assert_refused("--part=c", "demo_layers: --part is a or b.\n");
    assert_refused("--part=", "demo_layers: --part is a or b.\n");
    assert_refused("again", "demo_layers: it takes options only.\n");
    assert_refused("--packet=9", "demo_layers: there are packets 1 to 8.\n");
    assert_refused("--packet=-1", "demo_layers: there are packets 1 to 8.\n");
    assert_refused("--record", "demo_layers: what is recorded already cannot "
                               "be recorded.\n");
}

/* ---- Where it is forbidden. ---- */

/* What unshare(2) answers to whoever asks for one of these namespaces. */
struct prohibition {
    int error;
    int spaces;
};

static const struct prohibition by_rule = {EPERM, CLONE_NEWNET | CLONE_NEWUSER};
static const struct prohibition by_limit = {ENOSPC,
                                            CLONE_NEWNET | CLONE_NEWUSER};
static const struct prohibition of_users = {EPERM, CLONE_NEWUSER};

/* Of the 64 bits of an argument, those that hold the flags. */
enum {
    NUMBER = offsetof(struct seccomp_data, nr),
    ARGUMENT = offsetof(struct seccomp_data, args) +
               (G_BYTE_ORDER == G_BIG_ENDIAN ? 4 : 0)
};

/* For this process and what it becomes. */
static bool forbid(struct prohibition what)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NUMBER),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARGUMENT),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (unsigned)what.spaces, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)what.error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {G_N_ELEMENTS(filter), filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* This program with --forbid ERROR SPACES PROGRAM OPTION becomes PROGRAM. */
static int become_forbidden(char **argv)
{
    if (!forbid((struct prohibition){atoi(argv[0]), atoi(argv[1])}))
        return 1;
    execv(argv[2], argv + 2);
    return 1;
}

static struct actor *start_forbidden(struct stage *stage, const char *option,
                                     struct prohibition what)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *error = g_strdup_printf("%d", what.error);
    g_autofree char *spaces = g_strdup_printf("%d", what.spaces);
    g_autofree char *demo = stage_program("demo_layers");
    return stage_start(stage, self, "--forbid", error, spaces, demo, option,
                       NULL);
}

static bool forbid_all(void)
{
    return forbid(by_rule);
}

static bool forbid_users(void)
{
    return forbid(of_users) && unshare(CLONE_NEWNET) == 0;
}

static void assert_excused(struct prohibition what, const char *excuse)
{
    struct stage *stage = stage_new();
    struct actor *actor = start_forbidden(stage, "--packet=0", what);
    g_autofree char *text = read_all_of(actor, 0);
    assert_true(g_str_has_prefix(text, "Not live, but recorded on Linux "));
    assert_says(text, excuse);
    check(text);
    stage_free(stage);
}

static void where_it_is_forbidden_it_says_so_and_goes_on(void **state)
{
    (void)state;
    skip_unless(forbid_all, "This machine has no filter of system calls.");
    assert_excused(by_rule, ": this machine allows no capture\n(unshare: "
                            "Operation not permitted).\n\n");
    assert_excused(by_limit, "no capture\n(unshare: "
                             "user.max_user_namespaces is reached).\n\n");
}

static void where_it_is_forbidden_nothing_is_recorded(void **state)
{
    (void)state;
    skip_unless(forbid_all, "This machine has no filter of system calls.");
    struct stage *stage = stage_new();
    struct actor *actor = start_forbidden(stage, "--record", by_rule);
    g_autofree char *text = read_all_of(actor, 1);
    g_autofree char *errors = actor_errors(actor);
    assert_string_equal(text, "");
    assert_string_equal(errors, "demo_layers: there is nothing to record: "
                                "unshare: Operation not permitted.\n");
    stage_free(stage);
}

static void root_needs_no_user_namespace(void **state)
{
    (void)state;
    skip_unless(forbid_users, "Only root can try this, and not everywhere.");
    struct stage *stage = stage_new();
    struct actor *actor = start_forbidden(stage, "--packet=0", of_users);
    g_autofree char *text = read_all_of(actor, 0);
    assert_true(g_str_has_prefix(text, "A. A client"));
    check(text);
    stage_free(stage);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(live_it_says_what_is_true),
        cmocka_unit_test(live_numbers_are_new_each_time),
        cmocka_unit_test(recorded_it_says_what_is_true),
        cmocka_unit_test(each_part_stands_alone),
        cmocka_unit_test(any_packet_can_be_laid_open),
        cmocka_unit_test(without_a_terminal_there_are_no_colours),
        cmocka_unit_test(a_recording_can_be_made),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(where_it_is_forbidden_it_says_so_and_goes_on),
        cmocka_unit_test(where_it_is_forbidden_nothing_is_recorded),
        cmocka_unit_test(root_needs_no_user_namespace),
    };
    if (argc == 6 && strcmp(argv[1], "--forbid") == 0)
        return become_forbidden(argv + 2);
    return test_run(argc, argv, tests);
}
