#include "01-sockets/layers/packet_parts.h"
#include "01-sockets/checksum.h"
#include <netinet/in.h>

void packet_say(struct packet_view *packet, const char **text,
                const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *said = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    *text = g_string_chunk_insert(packet->texts, said);
}

unsigned packet_word(const uint8_t *at)
{
    return (unsigned)(at[0] << 8 | at[1]);
}

size_t packet_rest(const struct packet_view *packet)
{
    return packet->end - packet->read;
}

struct packet_layer *packet_top(struct packet_view *packet)
{
    return &packet->layers[packet->top];
}

/* ---- Layers and fields. ---- */

const uint8_t *packet_begin(struct packet_view *packet, enum packet_place place,
                            const char *protocol, const char *standard)
{
    packet->top = place;
    packet_top(packet)->protocol = protocol;
    packet_top(packet)->standard = standard;
    return packet->bytes.data + packet->read;
}

bool packet_is_short(struct packet_view *packet, size_t least)
{
    size_t rest = packet_rest(packet);
    if (rest < least)
        packet_say(packet, &packet->trouble,
                   "Cut off: the header has %zu bytes at "
                   "least, and here are %zu.",
                   least, rest);
    return rest < least;
}

void packet_add(struct packet_view *packet, const struct packet_row *row)
{
    struct packet_field field = {.data = packet->bytes.data + packet->read,
                                 .size = row->size,
                                 .name = row->name,
                                 .meaning = row->meaning,
                                 .standard = row->standard};
    g_assert(row->size <= packet_rest(packet));
    row->explain(packet, &field);
    g_array_append_val(packet_top(packet)->fields, field);
    packet_top(packet)->size += row->size;
    packet->read += row->size;
}

void packet_add_rows(struct packet_view *packet, const struct packet_row *rows,
                     size_t count)
{
    for (size_t i = 0; i < count; i++)
        packet_add(packet, &rows[i]);
}

/* ---- What fields hold. ---- */

void packet_as_number(struct packet_view *packet, struct packet_field *field)
{
    uint64_t number = 0;
    for (size_t i = 0; i < field->size; i++)
        number = number << 8 | field->data[i];
    packet_say(packet, &field->value, "%" G_GUINT64_FORMAT, number);
}

void packet_as_word(struct packet_view *packet, struct packet_field *field)
{
    packet_say(packet, &field->value, "0x%04x", packet_word(field->data));
}

void packet_as_size(struct packet_view *packet, struct packet_field *field)
{
    packet_say(packet, &field->value, "%zu bytes", field->size);
}

void packet_as_sum(struct packet_view *packet, struct packet_field *field)
{
    static const char *const meanings[] = {
        [PACKET_SUM_NONE] = "none: nobody checks",
        [PACKET_SUM_UNKNOWN] = "of what is not all here",
        [PACKET_SUM_RIGHT] = "right: all adds up to ffff",
        [PACKET_SUM_UNFINISHED] = "pseudo-header only, so far",
    };
    const struct packet_layer *layer = packet_top(packet);
    packet_as_word(packet, field);
    if (layer->sum == PACKET_SUM_WRONG)
        packet_say(packet, &field->meaning, "wrong: 0x%04x is right",
                   layer->proper);
    else
        field->meaning = meanings[layer->sum];
}

/* ---- Checksums. ---- */

/* TCP and UDP add up the addresses too: a datagram that was led astray counts
 * as damaged. */
static struct checksum begin_sum(const struct packet_view *packet, size_t size)
{
    struct checksum sum = {0};
    const struct packet_field *source =
        packet_find(packet, PACKET_INTERNET, "source");
    uint64_t protocol = packet_number(packet, PACKET_INTERNET, "protocol");
    if (packet->top == PACKET_TRANSPORT)
        checksum_add_pseudo(&sum, source->data, (uint8_t)protocol,
                            (uint16_t)size);
    return sum;
}

/* The field stands in words of its own: to leave it out is to count it as 0. */
void packet_judge(struct packet_view *packet, size_t size, size_t field)
{
    struct packet_layer *layer = packet_top(packet);
    const uint8_t *data = packet->bytes.data + packet->read;
    struct checksum before = begin_sum(packet, size);
    struct checksum all = before, others = before;
    checksum_add(&all, data, size);
    checksum_add(&others, data, field);
    checksum_add(&others, data + field + 2, size - field - 2);
    layer->proper = checksum_finish(&others);
    if (packet->bytes.unfinished && packet->top == PACKET_TRANSPORT &&
        packet_word(data + field) == checksum_sum(&before))
        layer->sum = PACKET_SUM_UNFINISHED;
    else if (checksum_sum(&all) == UINT16_MAX)
        layer->sum = PACKET_SUM_RIGHT;
    else
        layer->sum = PACKET_SUM_WRONG;
}
