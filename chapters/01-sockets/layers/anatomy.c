#include "01-sockets/layers/anatomy.h"
#include <netinet/tcp.h>
#include <string.h>

/* Bytes in a row, and columns for their hex digits. */
enum { ROW = 6, WIDTH = 14, DATA_ROW = 16, DATA_WIDTH = 39 };
/* Columns for a value, for both it and its meaning, for data, for an arrow. */
enum { VALUE = 10, EXPLAINED = 37, QUOTED = 28, ARROW = 12 };

/* RFC 1122, 1.1.3 has four layers; OSI (ISO 7498) has seven. */
static const struct {
    const char *name, *osi;
    int number;
    const char *ink;
} layers[PACKET_LAYERS] = {
    [PACKET_LINK] = {"Link", "2, data link", 2, "\033[35m"},
    [PACKET_INTERNET] = {"Internet", "3, network", 3, "\033[34m"},
    [PACKET_TRANSPORT] = {"Transport", "4, transport", 4, "\033[32m"},
    [PACKET_APPLICATION] = {"Application", "5 to 7", 7, "\033[33m"},
};

/* Print @p text in the colour of the layer. */
static void paint(const struct anatomy *anatomy, enum packet_place place,
                  const char *text)
{
    if (anatomy->colour)
        fprintf(anatomy->out, "%s%s\033[0m", layers[place].ink, text);
    else
        fputs(text, anatomy->out);
}

/* ---- Bytes. ---- */

/* In pairs, as the checksum adds them up. Returns new. */
static char *hex_of(const uint8_t *data, size_t size)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < size; i++)
        g_string_append_printf(text, "%s%02x", i > 0 && i % 2 == 0 ? " " : "",
                               data[i]);
    return g_string_free(text, FALSE);
}

/* Returns new. */
static char *text_of(const uint8_t *data, size_t size)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < size; i++)
        g_string_append_c(text, g_ascii_isprint(data[i]) ? (char)data[i] : '.');
    return g_string_free(text, FALSE);
}

struct row {
    const uint8_t *data;
    size_t size;
    const char *text;
};

static void print_row(const struct anatomy *anatomy, enum packet_place place,
                      const struct row *row)
{
    g_autofree char *hex = hex_of(row->data, row->size);
    g_autofree char *bytes =
        g_strdup_printf("%d| %s", layers[place].number, hex);
    size_t width = place == PACKET_APPLICATION ? DATA_WIDTH : WIDTH;
    paint(anatomy, place, bytes);
    if (*row->text)
        fprintf(anatomy->out, "%*s", (int)(width - strlen(hex)), "");
    fprintf(anatomy->out, "%s\n", row->text);
}

/* ---- One packet. ---- */

/* Its name, its value, the meaning where there is room for it, and the RFC.
 * Returns new. */
static char *explain(const struct packet_field *field)
{
    bool wide = strlen(field->value) > VALUE;
    g_autofree char *both = g_strdup_printf("%-*s%s%s", VALUE, field->value,
                                            wide ? "  " : " ", field->meaning);
    return g_strdup_printf(" %-14s %-*s %s", field->name, EXPLAINED,
                           strlen(both) > EXPLAINED ? field->value : both,
                           field->standard);
}

static void print_field(const struct anatomy *anatomy, enum packet_place place,
                        const struct packet_field *field)
{
    g_autofree char *text = explain(field);
    for (size_t at = 0; at < field->size; at += ROW) {
        struct row row = {field->data + at, MIN(field->size - at, ROW),
                          at == 0 ? g_strchomp(text) : ""};
        print_row(anatomy, place, &row);
    }
}

static void print_data(const struct anatomy *anatomy,
                       const struct packet_field *field)
{
    for (size_t at = 0; at < field->size; at += DATA_ROW) {
        size_t size = MIN(field->size - at, DATA_ROW);
        g_autofree char *text = text_of(field->data + at, size);
        g_autofree char *framed = g_strdup_printf("  |%s|", text);
        struct row row = {field->data + at, size, framed};
        print_row(anatomy, PACKET_APPLICATION, &row);
    }
}

static void print_layer(const struct anatomy *anatomy, enum packet_place place,
                        const struct packet_layer *layer)
{
    g_autofree char *title = g_strdup_printf(
        "%s layer (OSI %s): %s, %zu bytes%s%s", layers[place].name,
        layers[place].osi, layer->protocol, layer->size,
        *layer->standard ? ", " : "", layer->standard);
    paint(anatomy, place, title);
    fputc('\n', anatomy->out);
    for (unsigned i = 0; i < layer->fields->len; i++) {
        const struct packet_field *field =
            &g_array_index(layer->fields, struct packet_field, i);
        if (place == PACKET_APPLICATION)
            print_data(anatomy, field);
        else
            print_field(anatomy, place, field);
    }
}

/* [Ethernet 14 [IPv4 20 [TCP 32 [data 12]]]] = 78 bytes */
static void print_packing(const struct anatomy *anatomy,
                          const struct packet_view *packet)
{
    for (enum packet_place i = 0; i < PACKET_LAYERS; i++) {
        const struct packet_layer *layer = &packet->layers[i];
        if (!layer->protocol)
            continue;
        g_autofree char *opening =
            g_strdup_printf("[%s %zu%s", layer->protocol, layer->size,
                            i == packet->top ? "" : " ");
        paint(anatomy, i, opening);
    }
    for (enum packet_place i = PACKET_LAYERS; i-- > 0;)
        if (packet->layers[i].protocol)
            paint(anatomy, i, "]");
    fprintf(anatomy->out, " = %zu bytes\n", packet->read);
}

/* What no layer has taken. */
static void print_rest(const struct anatomy *anatomy,
                       const struct packet_view *packet)
{
    if (packet->trouble)
        fprintf(anatomy->out, "   %s\n", packet->trouble);
    if (packet->end > packet->read)
        fprintf(anatomy->out, "   Not read: %zu bytes.\n",
                packet->end - packet->read);
    if (packet->bytes.size > packet->end)
        fprintf(anatomy->out, "   Behind the end: %zu bytes of padding.\n",
                packet->bytes.size - packet->end);
}

void anatomy_print(const struct anatomy *anatomy,
                   const struct packet_view *packet)
{
    print_packing(anatomy, packet);
    fprintf(anatomy->out, "   %-14s %-14s %-10s %-26s %s\n", "bytes", "field",
            "value", "meaning", "RFC");
    for (enum packet_place i = 0; i < PACKET_LAYERS; i++)
        if (packet->layers[i].protocol)
            print_layer(anatomy, i, &packet->layers[i]);
    print_rest(anatomy, packet);
}

/* ---- A connection. ---- */

static uint32_t number_of(const struct packet_view *packet, const char *name)
{
    return (uint32_t)packet_number(packet, PACKET_TRANSPORT, name);
}

static const char *value_of(const struct packet_view *packet, const char *name)
{
    const struct packet_field *field =
        packet_find(packet, PACKET_TRANSPORT, name);
    return field ? field->value : "none";
}

/* Returns new. */
static char *quote_data(const struct packet_view *packet)
{
    const struct packet_field *field =
        packet_find(packet, PACKET_APPLICATION, "data");
    g_autofree char *text = text_of(field->data, MIN(field->size, QUOTED));
    return g_strdup_printf("\"%s\"", text);
}

/* What one packet of a connection says. Returns new. */
static char *tell(const struct packet_view *packet, uint32_t ack)
{
    unsigned flags = number_of(packet, "flags");
    if (packet->trouble)
        return g_strdup("makes no sense");
    if (flags & TH_SYN)
        return g_strdup_printf(
            "opens: MSS %s%s, scale %s", value_of(packet, "MSS"),
            packet_find(packet, PACKET_TRANSPORT, "SACK permitted") ? ", SACK"
                                                                    : "",
            value_of(packet, "window scale"));
    if (packet->top == PACKET_APPLICATION)
        return quote_data(packet);
    if (flags & TH_RST)
        return g_strdup("breaks the connection off");
    if (flags & TH_FIN)
        return g_strdup("sends no more after this");
    return g_strdup_printf("awaits byte %u", ack);
}

/* --SYN ACK-----> or <-SYN ACK------. Returns new. */
static char *arrow_of(const char *label, bool right)
{
    size_t size = MIN(strlen(label), ARROW);
    g_autofree char *shaft = g_strnfill(ARROW - size, '-');
    return g_strdup_printf(right ? "--%.*s%s->" : "<-%.*s%s--", ARROW, label,
                           shaft);
}

/* Where the numbers of the two sides begin. */
struct ladder {
    uint32_t client; /* The client's port. */
    uint32_t begin[2];
    bool begun[2];
};

static void print_step(const struct anatomy *anatomy, struct ladder *ladder,
                       const struct packet_view *packet)
{
    bool right = number_of(packet, "source port") == ladder->client;
    uint32_t seq = number_of(packet, "sequence");
    if (!ladder->begun[right])
        ladder->begin[right] = seq;
    ladder->begun[right] = true;
    uint32_t ack = number_of(packet, "acknowledgment") - ladder->begin[!right];
    if (!(number_of(packet, "flags") & TH_ACK) || !ladder->begun[!right])
        ack = 0;
    g_autofree char *arrow = arrow_of(value_of(packet, "flags"), right);
    g_autofree char *told = tell(packet, ack);
    fprintf(anatomy->out, "%s %5u %5u %5zu %6zu  %s\n", arrow,
            seq - ladder->begin[right], ack,
            packet->layers[PACKET_APPLICATION].size, packet->bytes.size, told);
}

void anatomy_print_connection(const struct anatomy *anatomy,
                              const GPtrArray *packets)
{
    struct ladder ladder = {0};
    fputs("  #  client    server   seq   ack  data  whole  it says\n",
          anatomy->out);
    for (unsigned i = 0; i < packets->len; i++) {
        const struct packet_view *packet = packets->pdata[i];
        if (i == 0)
            ladder.client = number_of(packet, "source port");
        fprintf(anatomy->out, " %2u  ", i + 1);
        print_step(anatomy, &ladder, packet);
    }
}
