update numbers set other_phone = true,
    hold_reason = 'Another WhatsApp number is linked to this Waapify instance. Nothing is sent, because it would come from that number. Link the right phone again, or connect the number that is linked.'
where location_id = 'l3' and number = '60100000004';
